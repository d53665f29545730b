import assert from 'node:assert/strict'
import http from 'node:http'
import { describe, it } from 'node:test'
import { startEmulator, type Emulator, type EmulatorOptions } from '../../src/emulator/index.js'
import { signOssV4 } from '../../src/signing/oss-v4.js'
import { answerTo } from '../support/signed-request.js'

/** The bucket and key under which the emulator takes what is put to `path` with that Host header. */
async function storedAs(emulator: Emulator, host: string, path: string, address: { bucket: string; key: string }) {
  const signable = { method: 'PUT', ...address, query: [], headers: {} }
  const signed = signOssV4(signable, emulator.credentials, { region: emulator.region, date: new Date() })
  const { hostname, port } = new URL(emulator.endpoint)
  const headers = { ...signed, host, 'content-length': '0' }
  const answer = await answerTo(http.request({ hostname, port, method: 'PUT', path, headers, agent: false }).end())
  answer.resume()
  const { bucket, key } = emulator.requests.at(-1)!
  return { status: answer.statusCode, bucket, key }
}

describe('bucket and key are read from', () => {
  const cases: [style: string, host: string, path: string, options?: EmulatorOptions][] = [
    ['the path, with an IP address as host', '127.0.0.1:80', '/bkt/dir/a%20b%2Bc'],
    ['the path, with an IPv6 address as host', '[::1]:80', '/bkt/dir/a%20b%2Bc'],
    ['the path, with a bare name as host', 'localhost', '/bkt/dir/a%20b%2Bc'],
    ['the host, below a name of its own', 'bkt.localhost:8080', '/dir/a%20b%2Bc'],
    ['the host, at a public endpoint', 'bkt.oss-cn-hangzhou.aliyuncs.com', '/dir/a%20b%2Bc'],
    ['the host, at a dual-stack endpoint', 'bkt.cn-hangzhou.oss.aliyuncs.com', '/dir/a%20b%2Bc'],
    ['a custom domain', 'files.example.com', '/dir/a%20b%2Bc', { domains: { 'files.example.com': 'bkt' } }],
    ['a target in absolute form', 'localhost', 'http://localhost/bkt/dir/a%20b%2Bc'],
  ]
  for (const [style, host, path, options] of cases) {
    it(style, async () => {
      await using emulator = await startEmulator(options)
      const address = { bucket: 'bkt', key: 'dir/a b+c' }
      assert.deepEqual(await storedAs(emulator, host, path, address), { status: 200, ...address })
    })
  }
})

describe('a bucket in the path', () => {
  it('is refused at a public endpoint', async () => {
    await using emulator = await startEmulator()
    const { status } = await storedAs(emulator, 'oss-cn-hangzhou.aliyuncs.com', '/bkt/k', { bucket: 'bkt', key: 'k' })
    assert.equal(status, 403)
  })
})
