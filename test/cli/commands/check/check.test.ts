import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { createServer } from 'node:tls'
import type { EmulatorOptions } from '../../../../src/emulator/index.js'
import { selfSignedCertificate } from '../../../support/certificate.js'
import { emulatedStore, unfinishedUploads } from '../../../support/emulated-store.js'
import { ossup } from '../../ossup.js'

async function checked(t: TestContext, refused: readonly string[] = [], options: EmulatorOptions = {}) {
  const emulated = await emulatedStore(t, { emulator: options })
  for (const operation of refused) {
    emulated.emulator.faults.inject({
      match: { operation: operation as 'PutObject' },
      action: { type: 'error', status: 403, code: 'AccessDenied' },
      times: 10,
    })
  }
  const ended = await ossup(emulated.emulator, ['check', 'oss://test-bucket/app/'])
  emulated.emulator.faults.clear()
  const left: string[] = []
  for await (const { key } of emulated.store.list()) left.push(key)
  return { ...ended, left, uploads: await unfinishedUploads(emulated.store) }
}

describe('ossup check', () => {
  it('tries all that a backup does, and leaves nothing behind', async (t) => {
    const { code, stdout, stderr, left, uploads } = await checked(t)
    assert.equal(code, 0, stdout + stderr)
    const results = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/).slice(0, 2).join(' '))
    const place = ['host', 'TLS', 'connection', 'region', 'credentials', 'clock']
    const whats = [...place, 'put', 'head', 'get', 'upload', 'part', 'list parts', 'abort']
    assert.deepEqual(
      results,
      [...whats, 'list', 'list uploads', 'delete'].map((what) => `ok ${what}`),
    )
    assert.deepEqual([left, uploads], [[], []])
    assert.ok(stdout.split('\n').every((line) => line.length <= 80))
  })

  it('says which right is missing, and fails where backups would', async (t) => {
    const { code, stdout, stderr } = await checked(t, ['InitiateMultipartUpload'])
    assert.equal(code, 1)
    assert.match(stdout, /^FAIL {2}upload +not allowed\n +allow oss:PutObject$/m)
    assert.match(stderr, /^ossup: backups to this target would fail: upload$/m)
  })

  it('accepts credentials that may not delete, and says what stays', async (t) => {
    const { code, stdout, left } = await checked(t, ['DeleteObject', 'ListObjects'])
    assert.equal(code, 0)
    assert.match(stdout, /^note {2}list +not allowed\n +allow oss:ListObjects, for ls, --newest and prune$/m)
    assert.match(stdout, /^note {2}delete +not allowed\n.*\n +left behind: oss:\/\/test-bucket\/app\/\.ossup-check-/m)
    assert.equal(left.length, 1)
  })

  it('notes a clock that is wrong', async (t) => {
    const { code, stdout } = await checked(t, [], { now: () => new Date(Date.now() - 20 * 60_000) })
    assert.equal(code, 0)
    assert.match(stdout, /^note {2}clock +20:\d\d ahead of the service\n +set the clock/m)
  })

  it('distinguishes wrong keys from a host that is not there', async (t) => {
    const { emulator } = await emulatedStore(t)
    const wrong = await ossup(emulator, ['check', 'oss://test-bucket/app/', '--json'], {
      environment: { OSS_ACCESS_KEY_SECRET: 'another' },
    })
    assert.equal(wrong.code, 1)
    const lines = wrong.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { result: string; what?: string })
    assert.deepEqual(
      lines.slice(0, 4).map(({ result, what }) => [result, what]),
      [
        ['ok', 'host'],
        ['ok', 'TLS'],
        ['ok', 'connection'],
        ['FAIL', 'credentials'],
      ],
    )
    const gone = await ossup(emulator, ['check', 'oss://test-bucket/app/', '--retry-for', '1s'], {
      environment: { OSS_ENDPOINT: 'http://127.0.0.1:1' },
    })
    assert.equal(gone.code, 1)
    assert.match(gone.stdout, /^FAIL {2}connection .*ECONNREFUSED.*\n +nothing listens on that port/m)
  })

  it('reports a wrong region, and a name that does not resolve, at once', async (t) => {
    const { emulator } = await emulatedStore(t, { emulator: { region: 'eu-central-1' } })
    const region = await ossup(emulator, ['check', 'oss://test-bucket/app/', '--region', 'cn-beijing'])
    assert.equal(region.code, 1)
    assert.match(
      region.stdout,
      /^ok {4}connection .*\nFAIL {2}region .*Invalid signing region.*\n +the region is not that/m,
    )
    const environment = { OSS_ENDPOINT: 'https://no-such-host.invalid' }
    const host = await ossup(emulator, ['check', 'oss://test-bucket/app/'], { environment })
    assert.equal(host.code, 1)
    assert.match(host.stdout, /^FAIL {2}host .*(?:ENOTFOUND|EAI_AGAIN).*\n +no (?:host has|name server)/)
    assert.equal(host.stdout.trimEnd().split('\n').length, 2)
  })

  it('distinguishes an untrusted certificate from an unreachable host', async (t) => {
    const identity = selfSignedCertificate()
    if (identity === undefined) {
      t.skip('openssl is not there to make a certificate')
      return
    }
    const server = createServer(identity, (socket) => {
      socket.on('error', () => undefined)
    })
    server.on('tlsClientError', () => undefined)
    await once(server.listen(0, '127.0.0.1'), 'listening')
    t.after(() => server.close())
    const { emulator } = await emulatedStore(t)
    const environment = { OSS_ENDPOINT: `https://127.0.0.1:${(server.address() as AddressInfo).port}` }
    const { code, stdout } = await ossup(emulator, ['check', 'oss://test-bucket/app/'], { environment })
    assert.equal(code, 1)
    assert.match(
      stdout,
      /^FAIL {2}TLS +.*certificate.*\n +the certificate authority is unknown on this machine: .*NODE_EXTRA_CA_CERTS=FILE$/m,
    )
    assert.doesNotMatch(stdout, /connection/)
  })
})
