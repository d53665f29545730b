import { createHash } from 'node:crypto'
import { createCrc64Engine } from '../../src/checksum/engine.js'
import type { Crc64Engine } from '../../src/checksum/crc64.js'

/** Bytes without a pattern, the same in every run. */
export const noise = createHash('shake256', { outputLength: 1024 * 1024 }).digest()

/** The engines that run here; the addon is an optional dependency. */
export const engines: Crc64Engine[] = (['rings', 'table', 'addon'] as const).flatMap((name) => {
  try {
    return [createCrc64Engine(name)]
  } catch (error) {
    if (name === 'addon') return []
    throw error
  }
})

/** The value by `crc64-ecma182`, or by our table where that is not installed. */
export function expectedCrc64(message: Uint8Array): bigint {
  const crc = engines.at(-1)!.create()
  crc.update(message)
  return crc.digest()
}

/**
 * Where an engine may go wrong: whole slices of 65,536 and rooms of 8,192 bytes, rings of 32,767 and twice that,
 * 131,071 (the order of x modulo F17), and one byte on either side of each and of its multiples.
 */
export const edgeLengths: number[] = [
  0,
  1,
  7,
  8,
  9,
  15,
  16,
  17,
  857,
  65533,
  65534,
  65535,
  131070,
  131071,
  131072,
  131073,
  196605,
  ...[8192, 32767, 65534, 65536, 131071].flatMap((step) =>
    [1, 2, 3, 4].flatMap((count) => [count * step - 1, count * step, count * step + 1]),
  ),
]
