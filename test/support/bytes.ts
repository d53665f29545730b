import { createHash, type Hash } from 'node:crypto'
import type { Readable } from 'node:stream'

/** Bytes that look random and are the same each time for the same seed. */
export function someBytes(length: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(length)
  let state = seed >>> 0 || 1
  for (let i = 0; i + 4 <= length; i += 4) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes.writeInt32LE(state | 0, i)
  }
  for (let i = length - (length % 4); i < length; i += 1) bytes[i] = (state >>> (8 * (i % 4))) & 0xff
  return bytes
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
