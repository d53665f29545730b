/**
 * One way to sum a part, in a process of its own: `crc64-contender.ts <name> <bytes of a part>`. Answers every message
 * with the cost of one turn in CPU-seconds per GiB, all threads of the process counted, and with the CRC it found.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import process from 'node:process'
import { createCrc64Engine, type Crc64EngineName } from '../../src/checksum/engine.js'

/** How bytes come from a file or a socket. */
const CHUNK = 64 * 1024
const BYTES_PER_TURN = 128 * 1024 * 1024
/** As many as an upload has by default. Large ones do not all fit the cache. */
const PARTS = 6

type SumPart = (chunks: Buffer[]) => unknown

const algorithms: Record<string, (partSize: number) => SumPart | Promise<SumPart>> = {
  rings: () => whereTheyLie('rings'),
  'crc64-ecma182': () => whereTheyLie('addon'),
  'our table': () => whereTheyLie('table'),
  'crc64-ecma182.js': async () => {
    // Not to be loaded anywhere else: it listens for the uncaught exceptions of the whole process.
    const { crc64 } = await import('crc64-ecma182.js')
    return (chunks) => BigInt(chunks.reduce((crc, chunk) => crc64(chunk, crc), '0'))
  },
  md5: () => (chunks) => chunks.reduce((md5, chunk) => md5.update(chunk), createHash('md5')).digest('hex'),
  'copy and rings': (partSize) => intoParts('rings', partSize),
  'copy and crc64-ecma182': (partSize) => intoParts('addon', partSize),
  'plain copy': (partSize) => {
    const memories = Array.from({ length: PARTS }, () => Buffer.alloc(partSize))
    let turn = 0
    return (chunks) => {
      const memory = memories[turn++ % PARTS]
      for (const [index, chunk] of chunks.entries()) memory?.set(chunk, index * CHUNK)
    }
  },
}

function whereTheyLie(name: Crc64EngineName): SumPart {
  const crc = createCrc64Engine(name).create()
  return (chunks) => {
    crc.reset()
    for (const chunk of chunks) crc.update(chunk)
    return crc.digest()
  }
}

function intoParts(name: Crc64EngineName, partSize: number): SumPart {
  const engine = createCrc64Engine(name)
  const parts = Array.from({ length: PARTS }, () => engine.createPartBuffer(partSize))
  let turn = 0
  return (chunks) => {
    const part = parts[turn++ % PARTS]
    part?.clear()
    for (const chunk of chunks) part?.append(chunk, 0, chunk.length)
    return part?.digest()
  }
}

const [name = '', size] = process.argv.slice(2)
const partSize = Number(size)
const sum = await algorithms[name]?.(partSize)
assert.ok(sum, `there is no contender called ${name}`)
const chunks = Array.from({ length: partSize / CHUNK }, (_, index) =>
  createHash('shake256', { outputLength: CHUNK }).update(`chunk ${index}`).digest(),
)

process.on('message', () => {
  // Untimed: the caches have served the others meanwhile.
  const crc = String(sum(chunks))
  const before = process.cpuUsage()
  for (let bytes = 0; bytes < BYTES_PER_TURN; bytes += partSize) sum(chunks)
  const { user, system } = process.cpuUsage(before)
  process.send?.({ cost: ((user + system) / 1e6) * (2 ** 30 / BYTES_PER_TURN), crc })
})
