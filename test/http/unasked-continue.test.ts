import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openStore } from '../../src/index.js'
import { onRequestHead, rawServer } from '../support/raw-server.js'

describe('an unexpected 100 Continue', () => {
  it('is named by the error, because the HTTP client does not accept it', async (t) => {
    const server = await rawServer(t, (socket) => {
      onRequestHead(socket, () => {
        socket.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
      })
    })
    const store = openStore({
      bucket: 'test-bucket',
      region: 'cn-test-1',
      endpoint: server.origin,
      credentials: { accessKeyId: 'id', accessKeySecret: 'secret' },
      retry: { maxAttempts: 2, baseDelayMs: 1 },
    })
    t.after(() => store.close())
    await assert.rejects(store.head('key'), { code: 'NETWORK', message: /sent 100 Continue without being asked/ })
  })
})
