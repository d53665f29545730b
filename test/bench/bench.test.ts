import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { parseBenchOptions } from './bench-options.js'
import { PROGRAM_OPTIONS, programOf, PROJECT } from '../support/project.js'
import { FLOORS, packageClients, type PipeClient, revisionOf, versionOf } from './pipe/clients.js'
import { comparisons, pipeTable } from './pipe/report.js'
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

  it('measures commands that read a pipe, those of another checkout among them', async () => {
    const revision = revisionOf(PROJECT)
    const args = ['pipe', '--only', 'send,ossup,pipeline', '--size', '1MiB', '--against', PROJECT]
    const { http, ...rest } = await bench<Record<string, Row[]>>(...args)
    const expected = ['floor, read and send', 'ossup put', 'pipeline(child.stdout)', `ossup put of ${revision}`]
    assert.deepEqual(
      http?.map(({ name, failure }) => [name, failure]),
      [...expected, `pipeline(child.stdout) of ${revision}`].map((name) => [name, undefined]),
    )
    for (const { cpuPerGiB, mibPerSecond } of http) assert.ok(cpuPerGiB > 0 && mibPerSecond > 0)
    assert.ok(rest['http, compared']?.some((row) => 'other' in row && row.other === `ossup put of ${revision}`))
    assert.ok(rest['echo x']?.every(({ failure }) => failure === undefined))
  })

  it('shows in its row that a client failed or is not installed, and leaves it out of the ratios', () => {
    const [floor, ours] = [FLOORS[1], packageClients(PROJECT)[0]].map((client) => client ?? assert.fail())
    const failed = { ...ours, name: 'other', revision: undefined } as unknown as PipeClient
    const cost = { cpuSeconds: 1, wallSeconds: 2, peakRss: NaN }
    const outcomes = [
      { client: floor ?? assert.fail(), version: '', costs: [cost] },
      { client: ours ?? assert.fail(), version: '', costs: [{ ...cost, cpuSeconds: 1.5 }] },
      { client: failed, version: '1', costs: [cost], failure: 'failed: ended with 3: no space' },
    ]
    const compared = comparisons(outcomes)
    assert.deepEqual(
      compared.map(({ name, other, cpu, throughput }) => [name, other, cpu, throughput]),
      [['ossup put', 'floor, read and send', 1.5, 1]],
    )
    const table = pipeTable(outcomes, 1024 ** 3, compared)
    assert.match(table, /^other +FAILED$/m)
    assert.match(table, /^other failed: ended with 3: no space$/m)
    assert.equal(versionOf(['there-is-no-such-command', '--version']), undefined)
  })

  it('measures reading an object back, also over a line with a delay', async () => {
    const rows = await bench<Row[]>(
      'download',
      '--only',
      'floor,get | cat',
      '--size',
      '1MiB',
      '--delay',
      '1',
      '--rate',
      '64MiB',
    )
    assert.deepEqual(
      rows.map(({ name, failure }) => [name, failure]),
      [
        ['floor', undefined],
        ['floor, summed', undefined],
        ['floor | cat', undefined],
        ['ossup get | cat', undefined],
      ],
    )
    for (const { cpuPerGiB, mibPerSecond } of rows) assert.ok(cpuPerGiB > 0 && mibPerSecond > 0)
  })

  it('measures what a start costs, against bare node', async () => {
    const rows = await bench<{ name: string; cpuMs: number; failure?: string }[]>('start')
    assert.deepEqual(
      rows.map(({ name, failure }) => [name, failure]),
      ['node', 'ossup --version', 'import', 'require', 'echo x | ossup put'].map((name) => [name, undefined]),
    )
    for (const { cpuMs } of rows) assert.ok(cpuMs > 0)
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

  it('returns the median of an odd and of an even number of figures', () => {
    assert.equal(median([3, 1, 100]), 3)
    assert.equal(median([4, 1, 2, 100]), 3)
  })
})
