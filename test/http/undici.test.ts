/** In a file of its own, and so in a process of its own: nothing else here may load undici or call `fetch()` before. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { loadUndici } from '../../src/http/undici.js'
import { httpServer } from '../support/http-server.js'
import { PROGRAM_OPTIONS, programOf } from '../support/project.js'

const NAMES = [Symbol.for('undici.globalDispatcher.1'), Symbol.for('undici.globalDispatcher.2')]
const globals = globalThis as unknown as Record<symbol, unknown>

describe('loading the HTTP client', () => {
  it("does not take over the program's own fetch()", async (t) => {
    assert.deepEqual(
      NAMES.map((name) => globals[name]),
      [undefined, undefined],
    )
    const { Agent } = await loadUndici()

    const lengths: (string | undefined)[] = []
    const origin = await httpServer(t, (request, response) => {
      lengths.push(request.headers['content-length'])
      response.end('received')
    })
    // The npm package's agent refuses this request of the built-in fetch() of Node.js 20.
    const response = await fetch(origin, { method: 'PUT', headers: { 'content-length': '0' } })
    assert.equal(await response.text(), 'received')
    assert.deepEqual(lengths, ['0'])
    assert.ok(!NAMES.some((name) => globals[name] instanceof Agent))
  })

  it('is refused in one sentence where the process has no WebAssembly', async () => {
    const url = pathToFileURL(programOf('src/index.ts')).href
    const script = `import { openStore } from ${JSON.stringify(url)}
      const credentials = { accessKeyId: 'id', accessKeySecret: 'secret' }
      const store = openStore({ bucket: 'bucket', region: 'cn-hangzhou', endpoint: 'http://127.0.0.1:1', credentials })
      const { code, message } = await store.upload('key', 'content').catch((error) => error)
      await store.close()
      console.log(code, message)`
    const args = ['--jitless', ...PROGRAM_OPTIONS, '--input-type=module', '--eval', script]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    assert.match(stdout, /^INVALID_OPTION WebAssembly must be available, .*: start Node\.js without --jitless$/m)
  })
})
