/**
 * Checks of a stream, for plain pipes: a producer that is killed closes its output in the same way as one that succeeds. A guard sees all
 * bytes and can refuse them at their end; then the upload publishes nothing.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Inspector } from '../../index.js'
import { formatByteSize } from '../options/byte-sizes.js'
import { countOf } from '../options/counts.js'
import { EXIT } from '../process/exit-codes.js'
import { Failure, messageOf } from '../process/failure.js'
import type { Options } from '../options/options.js'

/** What counts as the end of a stream. */
const TAIL_BYTES = 1024

/** Sees all bytes. `verdict` returns why the stream is refused. */
interface Guard {
  look(chunk: Uint8Array): void
  verdict(): string | undefined | Promise<string | undefined>
}

/**
 * Returns all guards of an upload that the options request; undefined if there are none. `isStream`: standard input or a command, whose 0
 * bytes are usually a mistake.
 */
export function guardsOf(options: Options, isStream: boolean): Inspector | undefined {
  const minSize = options.byteSize('min-size')
  const size = options.byteSize('size')
  const tail = options.text('expect-tail')
  const sha256File = options.text('sha256')
  const guards = [
    ...(isStream && !options.flag('allow-empty') ? [emptyGuard()] : []),
    ...(minSize === undefined ? [] : [minSizeGuard(minSize)]),
    ...(size === undefined ? [] : [sizeGuard(size)]),
    ...(tail === undefined ? [] : [tailGuard(tail)]),
    ...(sha256File === undefined ? [] : [sha256Guard(sha256File)]),
  ]
  if (guards.length === 0) return undefined
  return {
    bytes(chunk) {
      for (const guard of guards) guard.look(chunk)
    },
    async end() {
      for (const guard of guards) {
        const refusal = await guard.verdict()
        if (refusal !== undefined) throw new Failure(EXIT.source, refusal)
      }
    },
  }
}

function emptyGuard(): Guard {
  let isEmpty = true
  return {
    look: (chunk) => {
      isEmpty &&= chunk.length === 0
    },
    verdict: () => (isEmpty ? 'the stream has 0 bytes: give --allow-empty to store it' : undefined),
  }
}

function minSizeGuard(minSize: number): Guard {
  let size = 0
  return {
    look: (chunk) => {
      size += chunk.length
    },
    verdict: () =>
      size >= minSize
        ? undefined
        : `the stream ended after ${formatByteSize(size)} (${countOf(size, 'byte')}): --min-size is ${formatByteSize(minSize)}`,
  }
}

/** Refuses a stream as soon as it is too long, before its end. */
function sizeGuard(expected: number): Guard {
  let size = 0
  return {
    look: (chunk) => {
      size += chunk.length
      if (size > expected)
        throw new Failure(EXIT.source, `the stream is longer than --size ${countOf(expected, 'byte')}`)
    },
    verdict: () =>
      size === expected
        ? undefined
        : `the stream ended after ${countOf(size, 'byte')}: --size is ${countOf(expected, 'byte')}`,
  }
}

/** Searches the last bytes instead of comparing the end: a date, a random token or empty lines may follow the text. */
function tailGuard(text: string): Guard {
  const expected = Buffer.from(text)
  const kept = Math.max(TAIL_BYTES, expected.length)
  let tail = Buffer.alloc(0)
  return {
    look: (chunk) => {
      tail = Buffer.concat([tail, chunk.subarray(-kept)]).subarray(-kept)
    },
    verdict: () => {
      if (tail.includes(expected)) return undefined
      return `the stream ends with ${JSON.stringify(tail.subarray(-40).toString())}: --expect-tail ${JSON.stringify(text)} is not in its last ${kept} bytes`
    },
  }
}

/** Reads the file after the stream has ended, because the producer may write it last. */
function sha256Guard(file: string): Guard {
  const hash = createHash('sha256')
  return {
    look: (chunk) => {
      hash.update(chunk)
    },
    verdict: async () => {
      const expected = await readSha256(file)
      const actual = hash.digest('hex')
      return actual === expected ? undefined : `the stream has the SHA-256 ${actual}: ${file} says ${expected}`
    },
  }
}

/** Returns the first word, the format of sha256sum. */
async function readSha256(file: string): Promise<string> {
  let text
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw new Failure(EXIT.source, `--sha256 cannot be read: ${messageOf(error)}`, error)
  }
  const word = /^\\?([0-9a-f]{64})(?:\s|$)/i.exec(text.trimStart())?.[1]
  if (word === undefined)
    throw new Failure(EXIT.source, `${file} does not begin with a SHA-256 of 64 hexadecimal digits`)
  return word.toLowerCase()
}
