/**
 * The CRC-64 at memory speed, in WebAssembly SIMD (rings.wat): the engine of every upload where it runs.
 *
 * A CRC is the remainder of the message, read as a polynomial over GF(2), modulo P. A table divides by P itself, which
 * is dense: eight look-ups for every eight bytes, each waiting for the ones before. This engine divides by two sparse
 * polynomials instead, one for each factor of P, and needs only XORs of whole vectors; P and its table come in at the
 * end, for the 33,624 bytes that are left.
 *
 * Let y = x^8, so that the bytes m[0], m[1], … of a message of length L are the coefficients of
 *
 *     M = m[0] · y^(L-1) + m[1] · y^(L-2) + … + m[L-1]
 *
 * (which bit of a byte comes first does not matter until the end). P is not irreducible; with all bits written, the
 * highest power first,
 *
 *     P   = 0x142f0e1eba9ea3693 = P1 · F17
 *     P1  = 0xb1849156399b = (x + 1)^2 · three irreducible factors of degree 15
 *     F17 = 0x25f39, irreducible of degree 17
 *
 * Modulo P1, y^32767 = 1: every irreducible polynomial of degree 15 divides x^32767 + 1, as 32767 = 2^15 - 1, and so
 * does x + 1. Squaring is linear over GF(2), so the eighth power of x^32767 + 1 is y^32767 + 1, and that x + 1 divides
 * more than twice. Bytes 32,767 places apart therefore weigh the same, and the message may be laid around a ring of
 * that length, each byte added to those that lie there already:
 *
 *     ring[i mod 32767] ^= m[i]
 *
 * Read once round from its oldest byte, the ring is R1, a message of 32,767 bytes, and R1 = M modulo P1.
 *
 * Modulo F17, y^857 + y^183 + 1 = 0. It is the first trinomial x^n + x^k + 1, in the order of n, that F17 divides;
 * again the eighth power turns x into y. Long division by it is short: at place i the quotient's byte q[i] is what
 * stands there, and taking q[i] times the divisor away adds it 857 - 183 = 674 and 857 places on:
 *
 *     q[i] = m[i] ^ q[i - 674] ^ q[i - 857]
 *
 * Both lags are longer than a vector, so one step takes sixteen places, and 857 bytes of q are all that must be kept.
 * The quotient proper ends 857 places before the message does, and what stands in those places is R2, with R2 = M
 * modulo F17. The engine cannot know the end and divides on, so the q of those places has one term too many where
 * q[i - 674] is itself among them. With j counted from the first of the 857,
 *
 *     R2[j] = q[j]                  for j < 674
 *     R2[j] = q[j] ^ q[j - 674]     for j >= 674
 *
 * The two meet by the Chinese remainder theorem. With A = F17 · (1 / F17 modulo P1) = 0xe108afbbbf32bce5, which is 1
 * modulo P1 and 0 modulo F17, and so A + 1 the other way round,
 *
 *     M = A · R1 + (A + 1) · R2 = R2 + A · (R1 + R2)    modulo P
 *
 * and the same holds for their CRCs without start value and inversion, which are M · x^64, R1 · x^64 and R2 · x^64.
 * CRC-64/XZ takes each byte's lowest bit first, so it writes these values, P and A with their 64 bits reversed.
 *
 * The register of a CRC works as if added to the message's next eight bytes. That is how CRC-64/XZ starts, with all
 * ones, and how rings.wat goes from the table to the rings and back at any time.
 */
import { Buffer } from 'node:buffer'
import { debuglog } from 'node:util'
import type { Crc64, Crc64Engine } from '../crc64.js'
import { LateSummedPart } from '../late-summed-part.js'
import { MemoryPart } from '../memory-part.js'
import { ringsModule } from './rings-module.js'
import { copyBytes, ordinaryMemory, SLICE, type SummedMemory } from '../summed-memory.js'
import { crc64Tables, tableEngine } from './table-engine.js'

/** What rings.wat exports. Addresses and lengths are in bytes. */
interface Rings {
  table(register: bigint, from: number, length: number): bigint
  update(from: number, length: number): void
  digest(): bigint
  reset(crc: bigint): void
}

// The compiler knows WebAssembly only with the types of browsers.
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object
  Memory: new (pages: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer }
  Instance: new (module: object, imports: { rings: { memory: object } }) => { readonly exports: Rings }
}

export const PAGE: number = 64 * 1024
/** Address of the tables of rings.wat; all its state is in the first page. */
const TABLES = 32 * 1024

/** Parts up to this size get no WebAssembly memory of their own: creating one takes five times as long as an ordinary buffer. */
const SMALL_PART = 2 * SLICE

/** The limit of 32-bit addresses. */
const MOST_PAGES = 64 * 1024

const debug = debuglog('oss-upload-stream')

/** Compiles rings.wat. @throws if WebAssembly or its SIMD is missing. */
export function compileRings(): object {
  return new WebAssembly.Module(Buffer.from(ringsModule, 'base64'))
}

/**
 * Instantiates rings.wat with the tables of a polynomial, and memory for `capacity` bytes, which start at `PAGE`.
 *
 * @throws {RangeError} if there is no such memory.
 */
export function openRings(module: object, capacity: number, tables: Int32Array): { rings: Rings; bytes: Buffer } {
  const pages = 1 + Math.ceil(capacity / PAGE)
  if (pages > MOST_PAGES) throw new RangeError(`${capacity} bytes exceed a WebAssembly memory`)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
  new Int32Array(memory.buffer, TABLES).set(tables)
  const { exports: rings } = new WebAssembly.Instance(module, { rings: { memory } })
  return { rings, bytes: Buffer.from(memory.buffer, PAGE, capacity) }
}

/** Memory of the module: bytes are summed in place. It never grows, as that would detach its buffer. */
class RingMemory implements SummedMemory {
  readonly bytes: Buffer
  readonly #rings: Rings

  /** Continues a message whose CRC is `crc`, until the first `reset`. */
  constructor(module: object, capacity: number, crc: bigint) {
    const { rings, bytes } = openRings(module, capacity, crc64Tables)
    this.#rings = rings
    this.#rings.reset(crc)
    this.bytes = bytes
  }

  sum(start: number, end: number): void {
    this.#rings.update(PAGE + start, end - start)
  }

  digest(): bigint {
    return BigInt.asUintN(64, this.#rings.digest())
  }

  reset(): void {
    this.#rings.reset(0n)
  }
}

/**
 * Sums bytes outside the module by copying them to a stage of two slices. Creating the stage takes as long as summing a
 * slice by table, so a message starts with the table, and a short one never needs the stage.
 */
class StagedCrc64 implements Crc64 {
  readonly #table = tableEngine.create()
  readonly #openStage: (table: Crc64) => SummedMemory
  #stage: SummedMemory | undefined
  /** Bytes summed by table, while there is no stage. */
  #byTable = 0
  /** Bytes on the stage that are not summed yet: less than a slice between calls, so that another slice fits whole. */
  #held = 0

  constructor(openStage: (table: Crc64) => SummedMemory) {
    this.#openStage = openStage
  }

  update(bytes: Uint8Array): void {
    if (this.#stage === undefined && this.#byTable + bytes.length < SLICE) {
      this.#table.update(bytes)
      this.#byTable += bytes.length
      return
    }
    this.#stage ??= this.#openStage(this.#table)
    for (let at = 0; at < bytes.length;) {
      const next = Math.min(bytes.length, at + SLICE)
      copyBytes(this.#stage.bytes, this.#held, bytes, at, next)
      this.#held += next - at
      if (this.#held >= SLICE) this.#sum(this.#stage)
      at = next
    }
  }

  digest(): bigint {
    if (this.#stage === undefined) return this.#table.digest()
    this.#sum(this.#stage)
    return this.#stage.digest()
  }

  reset(): void {
    this.#table.reset()
    this.#stage?.reset()
    this.#byTable = 0
    this.#held = 0
  }

  #sum(stage: SummedMemory): void {
    stage.sum(0, this.#held)
    this.#held = 0
  }
}

/** Loads the engine. @throws if WebAssembly or its SIMD is missing. */
export function loadRingEngine(): Crc64Engine {
  const module = compileRings()
  const create = (): Crc64 => new StagedCrc64((table) => ringMemory(module, 2 * SLICE, table))
  const shared = create()
  return {
    name: 'rings',
    create,
    createPartBuffer: (capacity) =>
      capacity <= SMALL_PART
        ? new LateSummedPart(capacity, shared)
        : new MemoryPart(ringMemory(module, capacity, tableEngine.create())),
  }
}

/**
 * Returns a ring memory that continues the message of `table`. If none can be allocated, `table` itself continues: V8
 * reserves some 10 GiB of addresses for each, which `ulimit -v` may forbid, and none exceeds 4 GiB.
 */
function ringMemory(module: object, capacity: number, table: Crc64): SummedMemory {
  try {
    return new RingMemory(module, capacity, table.digest())
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    debug('CRC-64 by table, because no WebAssembly memory is available: %s', error.message)
    return ordinaryMemory(capacity, table)
  }
}
