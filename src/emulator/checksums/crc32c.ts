/** Computes CRC-32C (Castagnoli), which Node.js does not provide. Byte by byte with a table, some 200 MB/s. */
import { Polynomial } from '../../checksum/polynomial.js'

const REFLECTED = 0x82f63b78

/** x^32 times the polynomial: its remainders are the lower halves of those of degree below 64. */
export const CASTAGNOLI: Polynomial = new Polynomial(0, REFLECTED)

const table = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? REFLECTED : 0)
  return value
})

/** Continues a CRC over `bytes`. The initial value is 0. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  let crc = ~before
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] ?? 0)
  return ~crc >>> 0
}
