/**
 * What a CRC-64 costs: CPU-seconds per GiB, all threads of the process counted, for every way to compute one. The ways
 * take turns, so that a busy machine slows all of them; a figure is the median of the turns. Bytes come in chunks of
 * 64 KiB, as from a file or a socket, and are summed where they lie or copied into a part and summed there.
 */
import { createHash } from 'node:crypto'
import process from 'node:process'
// To be loaded in benchmarks only: it installs a listener for uncaught exceptions in the whole process.
import { crc64 as crc64ByAsmJs } from 'crc64-ecma182.js'
import { createCrc64Engine, type Crc64EngineName } from '../../src/checksum/engine.js'

const KIB = 1024
const MIB = 1024 * KIB
const CHUNK = 64 * KIB
const TURNS = 9
const BYTES_PER_TURN = 64 * MIB

const chunks = Array.from({ length: 128 }, (_, index) =>
  Buffer.alloc(CHUNK, createHash('md5').update(`${index}`).digest()),
)

type SumPart = (chunks: Buffer[]) => unknown

const waysToSum: Record<string, SumPart> = {
  rings: byEngine('rings'),
  'crc64-ecma182': byEngine('addon'),
  'crc64-ecma182.js': (part) => BigInt(part.reduce((crc, chunk) => crc64ByAsmJs(chunk, crc), '0')),
  'our table': byEngine('table'),
  md5: (part) => part.reduce((md5, chunk) => md5.update(chunk), createHash('md5')).digest(),
}

function byEngine(name: Crc64EngineName): SumPart {
  const crc = createCrc64Engine(name).create()
  return (part) => {
    crc.reset()
    for (const chunk of part) crc.update(chunk)
    return crc.digest()
  }
}

/** Parts are filled in turn, as many as an upload has by default, so that large ones do not all fit the cache. */
function waysToFill(partSize: number): Record<string, SumPart> {
  const memories = Array.from({ length: 6 }, () => Buffer.alloc(partSize))
  let turn = 0
  return {
    'plain copy': (part) => {
      const memory = memories[turn++ % memories.length]
      for (const [index, chunk] of part.entries()) memory?.set(chunk, index * CHUNK)
    },
    'copy and rings': fillByEngine('rings', partSize),
    'copy and crc64-ecma182': fillByEngine('addon', partSize),
  }
}

function fillByEngine(name: Crc64EngineName, partSize: number): SumPart {
  const engine = createCrc64Engine(name)
  const buffers = Array.from({ length: 6 }, () => engine.createPartBuffer(partSize))
  let turn = 0
  return (part) => {
    const buffer = buffers[turn++ % buffers.length]
    buffer?.clear()
    for (const chunk of part) buffer?.append(chunk, 0, chunk.length)
    return buffer?.digest()
  }
}

function cpuSecondsPerGib(sum: SumPart, part: Buffer[]): number {
  const rounds = BYTES_PER_TURN / (part.length * CHUNK)
  const before = process.cpuUsage()
  for (let round = 0; round < rounds; round++) sum(part)
  const { user, system } = process.cpuUsage(before)
  return ((user + system) / 1e6) * ((1024 * MIB) / BYTES_PER_TURN)
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN
}

function compare(title: string, ways: Record<string, SumPart>, part: Buffer[]): void {
  const rows = Object.entries(ways).map(([name, sum]) => ({ name, sum, figures: [] as number[] }))
  // One turn to warm up: the compilers of JavaScript and WebAssembly improve what has run for a while.
  for (const { sum } of rows) cpuSecondsPerGib(sum, part)
  for (let turn = 0; turn < TURNS; turn++) {
    for (const { sum, figures } of rows) figures.push(cpuSecondsPerGib(sum, part))
  }
  const crcs = new Set(rows.map(({ sum }) => sum(part)).filter((sum) => typeof sum === 'bigint'))
  if (crcs.size !== 1) throw new Error('the CRCs differ')

  const byRings = median(rows.find(({ name }) => name.endsWith('rings'))?.figures ?? [])
  console.log(`\n${title.padEnd(32)}CPU-s/GiB  (least - most)    times the rings`)
  for (const { name, figures } of rows) {
    const figure = median(figures)
    const range = `(${Math.min(...figures).toFixed(3)} - ${Math.max(...figures).toFixed(3)})`
    console.log(
      `${name.padEnd(32)}${figure.toFixed(3).padStart(9)}  ${range}${(figure / byRings).toFixed(2).padStart(18)}`,
    )
  }
}

for (const mebibytes of [8, 1]) {
  const partSize = mebibytes * MIB
  const part = chunks.slice(0, partSize / CHUNK)
  compare(`parts of ${mebibytes} MiB, where they lie`, waysToSum, part)
  compare(`parts of ${mebibytes} MiB, to be sent`, waysToFill(partSize), part)
}
