/**
 * What a stream must be to be stored, for plain pipes: there a producer that dies ends its output as one that is done
 * does. A guard sees all bytes and refuses them at their end; the upload then publishes nothing.
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

/** Looks at what passes; `verdict` returns why the stream is refused. */
interface Guard {
  look(chunk: Uint8Array): void
  verdict(): string | undefined | Promise<string | undefined>
}

/**
 * All guards of one upload, as the options ask for them; undefined when there are none. `isStream`: standard input or a
 * command, whose 0 bytes are most often a mistake.
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
    verdict: () => (isEmpty ? 'the stream has 0 bytes: with --allow-empty it is stored all the same' : undefined),
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

/** Refuses a stream as soon as it is too long: nobody has to wait for its end. */
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

/** Not at the very end: after the words that say that a dump is complete come a date, a random token or empty lines. */
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

/** Reads the file when the stream has ended, as the producer may write it last. */
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

/** The first word, as sha256sum writes it. */
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
