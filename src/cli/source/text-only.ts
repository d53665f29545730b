/** Passes only text to a terminal: binary data would change its settings and its title, or make it beep. */
import { usageFailure } from '../process/failure.js'
import type { ViewWriter } from '../process/object-bytes.js'

const [TAB, RETURN, ESCAPE, SPACE, DELETE] = [0x09, 0x0d, 0x1b, 0x20, 0x7f]

/** Returns a writer that passes bytes if the first ones are text. It throws a Failure if they are not; nothing is written then. */
export function textOnly(write: ViewWriter): ViewWriter {
  let isFirst = true
  return async (bytes) => {
    if (isFirst && isBinary(bytes)) {
      throw usageFailure(
        'the object is not text, and standard output is a terminal: give -o FILE, or -o - to write it there',
      )
    }
    isFirst = false
    await write(bytes)
  }
}

function isBinary(chunk: Uint8Array): boolean {
  if (chunk.some(isControl)) return true
  try {
    // The last character may be cut off.
    new TextDecoder('utf-8', { fatal: true }).decode(chunk, { stream: true })
    return false
  } catch {
    return true
  }
}

/** A control character that text does not contain. */
function isControl(byte: number): boolean {
  return byte === DELETE || (byte < SPACE && byte !== ESCAPE && (byte < TAB || byte > RETURN))
}
