import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { parseBenchOptions } from './bench-options.js'
import { PROGRAM_OPTIONS, programOf } from '../support/project.js'
import { versionOf } from './pipe/clients.js'
import { selfSignedCertificate } from './certificate.js'
import { median } from './statistics.js'

const MAIN = programOf('test/bench/main.ts')

interface Row {
  name: string
  cpuPerGiB: number
  mibPerSecond: number
  failure?: string
}

async function bench<Results>(...args: string[]): Promise<Results> {
  const command = [...PROGRAM_OPTIONS, MAIN, '--json', '--runs', '1', ...args]
  const { stdout } = await promisify(execFile)(process.execPath, command)
  return (JSON.parse(stdout) as { results: Results }).results
}

describe('the benchmark', () => {
  it('measures an upload against the floor, over verified TLS', async () => {
    const { https } = await bench<Record<'https', Row[]>>(
      '--only',
      'ours,own',
      '--size',
      '8MiB',
      '--part-size',
      '1MiB',
      '--tls',
    )
    assert.deepEqual(
      https.map(({ name, failure }) => [name, failure]),
      [
        ['floor, own buffers', undefined],
        ['oss-upload-stream', undefined],
      ],
    )
    for (const { cpuPerGiB, mibPerSecond } of https) assert.ok(cpuPerGiB > 0 && mibPerSecond > 0)
  })

  it('measures commands that read a pipe, and skips those that are not installed with the reason', async () => {
    const { http } = await bench<Record<'http', Row[]>>('pipe', '--only', 'send,ossup,pipeline', '--size', '1MiB')
    assert.deepEqual(
      http.map(({ name, failure }) => [name, failure]),
      [
        ['floor, read and send', undefined],
        ['ossup put', undefined],
        ['pipeline(child.stdout)', undefined],
      ],
    )
    for (const { cpuPerGiB, mibPerSecond } of http) assert.ok(cpuPerGiB > 0 && mibPerSecond > 0)
    assert.equal(versionOf(['there-is-no-such-command', '--version']), undefined)
  })

  it('says which value of which option it does not take', () => {
    assert.throws(() => parseBenchOptions(['--size', '8MB']), /--size .* 8MB/)
    assert.throws(() => parseBenchOptions(['--runs', '0']), /--runs .* 0/)
    assert.throws(() => parseBenchOptions(['--tls=maybe']), /--tls .* maybe/)
    assert.throws(() => parseBenchOptions(['nothing']), /no such benchmark: nothing/)
  })

  it('has a certificate that is valid now, for 127.0.0.1, by its own signature', () => {
    const certificate = new X509Certificate(selfSignedCertificate().cert)
    assert.ok(certificate.verify(certificate.publicKey))
    assert.equal(certificate.checkIP('127.0.0.1'), '127.0.0.1')
    assert.equal(certificate.checkHost('localhost'), 'localhost')
    assert.ok(new Date(certificate.validFrom).getTime() < Date.now())
    assert.ok(new Date(certificate.validTo).getTime() > Date.now())
  })

  it('takes the middle of an odd and of an even number of figures', () => {
    assert.equal(median([3, 1, 100]), 3)
    assert.equal(median([4, 1, 2, 100]), 3)
  })
})
