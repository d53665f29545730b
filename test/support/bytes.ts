import { createHash, type Hash } from 'node:crypto'
import { endianness } from 'node:os'
import type { Readable } from 'node:stream'

/** Bytes that look random and are the same each time for the same seed. */
export function someBytes(length: number, seed = 1): Buffer {
  const words = new Int32Array(Math.ceil(length / 4))
  const whole = length >>> 2
  let state = seed >>> 0 || 1
  for (let i = 0; i < whole; i += 1) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[i] = state
  }
  if (whole < words.length) words[whole] = state
  const bytes = Buffer.from(words.buffer)
  if (endianness() === 'BE') bytes.swap32()
  return bytes.subarray(0, length)
}

export async function readAll(readable: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of readable as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}

export async function sha256(readable: AsyncIterable<unknown>): Promise<string> {
  const hash: Hash = createHash('sha256')
  for await (const chunk of readable) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
