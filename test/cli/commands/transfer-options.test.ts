/** Options of put and get that the library does the work of: each is seen in what the store gets. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { KiB } from '../../../src/shared/byte-size.js'
import { emulatedStore } from '../../support/emulated-store.js'
import { providerStore } from '../../support/provider-store.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { ossup } from '../ossup.js'

const TARGET = 'oss://test-bucket/k'

/** How S3's own variables name a store. */
function awsEnvironment(endpoint: string, region: string, keys: { accessKeyId: string; accessKeySecret: string }) {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.accessKeySecret,
  }
}

describe('the options of a transfer', { concurrency: 3 }, () => {
  it('bound the attempts and the waiting for a response', async (t) => {
    const { emulator } = await emulatedStore(t)
    const head = ['head', TARGET]
    const requests = () => emulator.requests.length
    const action = { type: 'error', status: 503, code: 'ServiceUnavailable' } as const
    emulator.faults.inject({ match: { operation: 'HeadObject' }, times: 20, action })
    const { code } = await ossup(emulator, [...head, '--max-attempts', '2'])
    assert.deepEqual([code, requests()], [1, 2])
    emulator.faults.clear()
    emulator.faults.inject({ match: { operation: 'HeadObject' }, action: { type: 'stall', at: 'request' } })
    const stalled = await ossup(emulator, [...head, '--max-attempts', '1', '--response-timeout', '0.2s'])
    assert.equal(stalled.code, 1)
    assert.match(stalled.stderr, /200 ms/)
  })

  it('keep parts as large as they were', async (t) => {
    const { emulator } = await emulatedStore(t)
    const wrong = await ossup(emulator, ['put', TARGET, '--part-growth', 'maybe'], { input: 'x' })
    assert.equal(wrong.code, 2)
    assert.match(wrong.stderr, /--part-growth must be yes, no \(got "maybe"\)/)
    const { code, stderr } = await ossup(emulator, ['put', TARGET, '--part-growth=no', '--max-memory', '64MiB'], {
      input: 'x',
    })
    assert.equal(code, 0, stderr)
    // The parts of a file are equal in any case.
    const file = await ossup(emulator, ['put', TARGET, '--part-growth=no', 'package.json'])
    assert.equal(file.code, 0, file.stderr)
  })

  it('choose the signature and the checksum, by the names of each service', async (t) => {
    const { emulator } = await providerStore(t, { provider: 's3' })
    const environment = awsEnvironment(emulator.endpoint, emulator.region, emulator.credentials)
    const s3 = (...args: string[]) =>
      ossup(undefined, ['put', 's3://test-bucket/k', ...args], { input: 'x', environment })
    const json = await s3('--checksum', 'crc32', '--json')
    assert.match(json.stdout, /"checksum":\{"algorithm":"crc32"/)
    const wrong = await s3('--checksum', 'sha512')
    assert.equal(wrong.code, 2)
    assert.match(wrong.stderr, /checksum must be/)
    const foreign = await s3('--signature-version', '4')
    assert.equal(foreign.code, 2)
    assert.match(foreign.stderr, /signatureVersion is --signature-version, /)
    const oss = await emulatedStore(t)
    for (const [version, code] of [
      ['1', 0],
      ['4', 0],
      ['9', 2],
    ] as const) {
      assert.equal(
        (await ossup(oss.emulator, ['put', TARGET, '--signature-version', version], { input: 'x' })).code,
        code,
      )
    }
  })

  it('say that the limit of bandwidth is what is slow, up and down', async (t) => {
    const { emulator } = await emulatedStore(t)
    const slow = ['--bandwidth-limit', '128KiB', '--progress-every', '0.5s']
    const put = await ossup(emulator, ['put', TARGET, ...slow], { input: Buffer.alloc(256 * KiB) })
    assert.match(put.stderr, /slow: limit/)
    const get = await ossup(emulator, ['get', TARGET, '-o', '/dev/null', ...slow])
    assert.match(get.stderr, /slow: limit/)
  })
})

describe('a key of your own', () => {
  it('is read from a file, goes along with every request, and is never shown', async (t) => {
    const { emulator } = await providerStore(t, { provider: 's3' })
    const folder = await temporaryFolder(t)
    const [raw, base64, wrong] = ['raw', 'base64', 'wrong'].map((name) => path.join(folder, name)) as [
      string,
      string,
      string,
    ]
    const key = randomBytes(32)
    await writeFile(raw, key)
    await writeFile(base64, `${key.toString('base64')}\n`)
    await writeFile(wrong, 'a-secret-word')
    const environment = awsEnvironment(emulator.endpoint, emulator.region, emulator.credentials)
    const target = 's3://test-bucket/k'
    const said: string[] = []
    const call = async (args: string[], input = '') => {
      const { code, stdout, stderr } = await ossup(undefined, args, { input, environment })
      said.push(stdout, stderr)
      return { code, stdout, stderr }
    }
    const put = await call(['put', target, '--sse-key-file', raw, '--debug'], 'text')
    assert.equal(put.code, 0, put.stderr)
    const get = await call(['get', target, '--sse-key-file', base64])
    assert.equal(get.code, 0, get.stderr)
    assert.equal(get.stdout, 'text')
    assert.match((await call(['head', target, '--sse-key-file', raw])).stdout, /^encryption: .*own key/m)
    assert.notEqual((await call(['get', target, '--debug'])).code, 0)
    const refused = await call(['get', target, '--sse-key-file', wrong, '--debug'])
    assert.equal(refused.code, 2)
    assert.match(refused.stderr, /must have 32 bytes, or their Base64 \(got 13 bytes\)/)
    for (const secret of [key.toString('base64'), key.toString('latin1'), 'a-secret-word'])
      assert.ok(!said.join('').includes(secret))
  })

  it('is refused beside another encryption, over plain HTTP and where the file is missing', async (t) => {
    const { emulator } = await providerStore(t, { provider: 's3' })
    const environment = awsEnvironment(emulator.endpoint, emulator.region, emulator.credentials)
    const file = path.join(await temporaryFolder(t), 'key')
    await writeFile(file, randomBytes(32))
    for (const [args, message] of [
      [['--sse-key-file', file, '--sse', 'AES256'], /--sse and --sse-key-file cannot be used together/],
      [['--sse-key-file', file, '--endpoint', 'http://s3.example.test'], /plain HTTP/],
      [['--sse-key-file', `${file}.missing`], /--sse-key-file cannot be read: ENOENT/],
    ] as const) {
      const { code, stderr } = await ossup(undefined, ['put', 's3://test-bucket/k', ...args], {
        input: 'x',
        environment,
      })
      assert.equal(code, 2)
      assert.match(stderr, message)
    }
    assert.equal(emulator.requests.length, 0)
  })
})
