import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { KiB } from '../shared/byte-size.js'

const SLICE = 64 * KiB

/** The value of `Content-MD5`. A slice at a time: MD5 of a whole part would keep all else waiting. */
export async function contentMd5(bytes: Uint8Array): Promise<string> {
  const hash = createHash('md5')
  for (let start = 0; start < bytes.length; start += SLICE) {
    if (start > 0) await nextTurn()
    hash.update(bytes.subarray(start, start + SLICE))
  }
  return hash.digest('base64')
}
