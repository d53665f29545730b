/**
 * The CRC-64 of any polynomial by the table of rings.wat, eight bytes a step. Used for CRC-64/NVME: its polynomial is
 * irreducible of degree 64, so it has no factor with a short ring, which the method of ring-engine.ts needs.
 */
import { debuglog } from 'node:util'
import type { Crc64 } from '../crc64.js'
import type { Polynomial } from '../polynomial.js'
import { compileRings, openRings, PAGE } from './ring-engine.js'
import { crc64TablesOf, TableCrc64 } from './table-engine.js'

/** Bytes that are copied and summed at a time: few enough to stay in the processor cache. */
const STAGE = 32 * 1024

const ALL_ONES = 0xffff_ffff_ffff_ffffn

const debug = debuglog('oss-upload-stream')

type Stage = ReturnType<typeof openRings>

/** All messages share one stage; each has its own register. */
class WasmTableCrc64 implements Crc64 {
  readonly #stage: Stage
  #register = ALL_ONES

  constructor(stage: Stage) {
    this.#stage = stage
  }

  update(bytes: Uint8Array): void {
    const { rings, bytes: stage } = this.#stage
    for (let at = 0; at < bytes.length; at += STAGE) {
      const slice = bytes.subarray(at, at + STAGE)
      stage.set(slice)
      this.#register = rings.table(this.#register, PAGE, slice.length)
    }
  }

  digest(): bigint {
    return BigInt.asUintN(64, ~this.#register)
  }

  reset(): void {
    this.#register = ALL_ONES
  }
}

/** Returns a function that starts a CRC-64 of the polynomial, in WebAssembly if that works, else in JavaScript. */
export function crc64ByTable(polynomial: Polynomial): () => Crc64 {
  const tables = crc64TablesOf(polynomial)
  try {
    const stage = openRings(compileRings(), STAGE, tables)
    return () => new WasmTableCrc64(stage)
  } catch (error) {
    debug('CRC-64 by table in JavaScript: %s', error)
    return () => new TableCrc64(tables)
  }
}
