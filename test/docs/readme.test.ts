/** What README.md and the reference pages say is what the sources do. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import {
  type FileUploadOptions,
  openStore,
  type StoreOptions,
  UploadError,
  type UploadOptions,
} from '../../src/index.js'
import { DEFAULT_TIMEOUTS } from '../../src/http/transport.js'
import { DEFAULT_RETRY } from '../../src/shared/backoff.js'
import { formatBytes, GiB, MiB } from '../../src/shared/byte-size.js'
import { ossDialect } from '../../src/stores/oss/oss-dialect.js'
import { PartPlan } from '../../src/upload/parts/part-plan.js'
import { readAll } from '../support/bytes.js'
import { run } from '../support/commands.js'
import { emulatedStore } from '../support/emulated-store.js'
import { setEnvironment } from '../support/environment.js'
import { environmentOf } from '../support/examples.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { PROJECT } from '../support/project.js'
import { blocksOf, partsOf, readDocument, sectionOf, tableCellsOf } from './documents.js'

const OPTIONS = readDocument('docs/options.md')

const GOOD: StoreOptions = {
  bucket: 'test-bucket',
  region: 'cn-hangzhou',
  credentials: { accessKeyId: 'id', accessKeySecret: 'secret' },
}

/** The options that have a heading below another one, without what the heading says beside the name. */
const optionsBelow = (heading: string) =>
  [...partsOf(OPTIONS, heading).keys()].map((text) => /^`([^`]+)`/.exec(text)?.[1] ?? assert.fail(text))

/** The names of options, which the refusal of any other tells. */
function acceptedBy(call: () => unknown): string[] {
  try {
    call()
  } catch (error) {
    assert.ok(error instanceof UploadError)
    return error.message.replace(/^.*its options are /s, '').split(', ')
  }
  return assert.fail('it is accepted')
}

/** Runs a block as a program of its own; what it printed. */
async function outputOf(block: string | undefined): Promise<string> {
  assert.ok(block !== undefined)
  return run([process.execPath, '--input-type=module', '-e', block])
}

describe('README.md and its pages', () => {
  it('starts with an example that runs', async (t) => {
    const { emulator, open } = await emulatedStore(t)
    setEnvironment(t, environmentOf(emulator))
    const file = path.join(await temporaryFolder(t), 'app.log')
    const text = 'GET /\n'.repeat(1000)
    await writeFile(file, text)
    const block = blocksOf(readDocument('README.md'), 'ts')[0]?.replace(`'app.log'`, JSON.stringify(file))
    const output = await outputOf(block)
    const { body, size, crc64 } = await open({ bucket: 'backups' }).get('app.log.gz')
    assert.equal(output, `stored ${size} bytes, CRC-64 ${crc64!}\n`)
    assert.equal(gunzipSync(await readAll(body)).toString(), text)
  })

  it('shows an emulator that runs', async () => {
    const [block] = blocksOf(readDocument('docs/emulator.md'), 'ts')
    assert.match(await outputOf(block), /^3 parts, 3 retries\n$/)
  })

  it('names every option, and no other', async () => {
    const storeNames = optionsBelow('Options of a store')
    const unknown = { unknown: true }
    const nested = (name: string) =>
      acceptedBy(() => openStore({ ...GOOD, [name]: unknown })).map((option) => `${name}.${option}`)
    const ofProviders = (['oss', 'obs', 's3'] as const).flatMap((provider) =>
      acceptedBy(() => openStore({ ...GOOD, provider, ...unknown } as StoreOptions)),
    )
    const accepted = [...new Set(ofProviders)].filter((name) => name !== 'retry' && name !== 'timeouts')
    assert.deepEqual(storeNames.sort(), [...accepted, ...nested('retry'), ...nested('timeouts')].sort())

    const store = openStore(GOOD)
    const ofUploads = acceptedBy(() => store.createUploadStream('key', unknown as UploadOptions))
    assert.deepEqual(optionsBelow('Options of an upload').sort(), [...ofUploads, 'store'].sort())

    const ofFiles = await store.uploadFile('key', 'path', unknown as FileUploadOptions).then(
      () => assert.fail('it is accepted'),
      (error: unknown) => acceptedBy(() => assert.fail(error as Error)),
    )
    const notOfFiles = ['expectedSize', 'size', 'maxSize', 'partGrowth', 'resume']
    const named = optionsBelow('Options of a file upload')
    const others = ofUploads.filter((name) => !notOfFiles.includes(name) && !named.includes(name))
    assert.deepEqual(ofFiles.sort(), [...named, ...others].sort())
  })

  it('names the defaults', () => {
    const sections = [...partsOf(OPTIONS, 'Options of a store'), ...partsOf(OPTIONS, 'Options of an upload')]
    const defaults = new Map(
      sections.map(([name, text]) => {
        const [, value] = /Default: ([\d,]+)/.exec(text) ?? []
        return [name.replaceAll('`', ''), Number(value?.replaceAll(',', '').replace(/,$/, ''))]
      }),
    )
    for (const [name, value] of Object.entries(DEFAULT_RETRY)) assert.equal(defaults.get(`retry.${name}`), value)
    for (const [name, value] of Object.entries(DEFAULT_TIMEOUTS)) assert.equal(defaults.get(`timeouts.${name}`), value)
    assert.equal(defaults.get('maxMemory'), 256 * MiB)
    assert.equal(defaults.get('partSize'), 8 * MiB)
    assert.equal(defaults.get('concurrency'), 5)
  })

  it('names every code of an error, and no other', () => {
    const source = readFileSync(path.join(PROJECT, 'src/shared/errors.ts'), 'utf8')
    const codes = [...source.matchAll(/^ {2}\| '([A-Z_]+)'$/gm)].map((match) => match[1])
    assert.ok(codes.length > 10)
    assert.deepEqual(
      [...partsOf(readDocument('docs/errors.md'), 'Codes').keys()].map((code) => code.replaceAll('`', '')).sort(),
      codes.sort(),
    )
  })

  it('reports how far parts grow', () => {
    const { limits } = ossDialect({ bucket: 'test-bucket', region: 'cn-hangzhou' })
    const section = sectionOf(readDocument('docs/memory.md'), 'How long a stream can be')
    const rows = tableCellsOf(section).slice(1)
    assert.equal(rows.length, 5)
    for (const [memory = '', largest, longest] of rows) {
      const [number, unit] = memory.split(' ')
      const maxMemory = Number(number) * (unit === 'GiB' ? GiB : MiB)
      const plan = new PartPlan({ partSize: 8 * MiB, partGrowth: true, maxMemory }, limits)
      assert.equal(formatBytes(plan.sizeOf(limits.maxParts)), largest)
      const [rounded = '', digits] = longest?.split(' ') ?? []
      const size = plan.capacity / (digits === 'TiB' ? 1024 * GiB : GiB)
      assert.equal(size.toFixed(rounded.split('.')[1]?.length ?? 0), rounded)
    }
    const small = new PartPlan({ partSize: 8 * MiB, partGrowth: false, maxMemory: GiB }, limits)
    assert.ok(section.includes(`10,000 × 8 MiB = ${formatBytes(small.capacity)}`))
  })
})
