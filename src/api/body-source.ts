/**
 * What gives the bytes of a body, in the shape that each kind of body has. A source ends the upload with its own end,
 * and destroys it with its own error.
 */
import { pipeline, type Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { toError, UploadError } from '../shared/errors.js'
import type { UploadStream } from '../stream/upload-stream.js'
import { mustBeWhole } from '../stream/source-state.js'
import { CHUNKS_PER_TURN, isThenable, toChunk } from './body-kinds.js'
import { ChunkWriter } from './chunk-writer.js'
import { wrapForeignStream } from './foreign-stream.js'

/** What is known of a body beforehand. */
export interface BodyFacts {
  /** Bytes. */
  size?: number
  contentType?: string
}

export interface BodySource {
  readonly facts: BodyFacts
  /** Begins to write. Whatever fails, fails the upload. */
  start(upload: UploadStream): void
  /** The upload has failed: nothing more is wanted. Resolves when the source is over, as far as that can be waited for. */
  stop(): Promise<void>
}

/** Bytes that are there already. */
export function bytesSource(bytes: Uint8Array): BodySource {
  return {
    facts: { size: bytes.length },
    start(upload) {
      upload.end(bytes)
    },
    stop: () => Promise.resolve(),
  }
}

/** A Node.js stream of bytes, not of objects: what it gives must not need to be looked at. */
export function pipedSource(stream: Readable): BodySource {
  return {
    facts: {},
    start(upload) {
      // It hands on the source's error, a premature close as well; whoever waits for the upload learns of it.
      pipeline(stream, upload, () => undefined)
    },
    stop() {
      destroySource(stream)
      return Promise.resolve()
    },
  }
}

/** A Node.js stream of objects, each of which is looked at: `pipe()` would throw at one that cannot be written. */
export function objectSource(stream: Readable): BodySource {
  return new IteratedSource(() => iteratorOf(stream))
}

/** A stream of another package, which does not say whether it gives bytes or objects. */
export function foreignSource(stream: Readable): BodySource {
  return new IteratedSource(() => {
    const iterator = iteratorOf(wrapForeignStream(stream))
    return {
      next: async () => {
        const result = await iterator.next()
        return result.done === true ? result : { done: false, value: (result.value as { chunk: unknown }).chunk }
      },
      return: () => iterator.return(),
    }
  })
}

function iteratorOf(stream: Readable): {
  next(): Promise<IteratorResult<unknown>>
  return(): Promise<IteratorResult<unknown>>
} {
  const iterator = stream[Symbol.asyncIterator]() as AsyncIterator<unknown>
  return {
    next: async () => {
      const result = await iterator.next()
      if (result.done === true) await mustBeWhole(stream)
      return result
    },
    return: () => {
      destroySource(stream)
      return Promise.resolve({ done: true, value: undefined })
    },
  }
}

/** Streams of the first days of Node.js have no `destroy()`. */
function destroySource(stream: Partial<Readable>): void {
  stream.destroy?.()
}

/** A web stream. Unlike its own iterator it can be cancelled while a chunk is waited for. */
export function webSource(stream: ReadableStream<unknown>, facts: BodyFacts = {}): BodySource {
  const open = (): AsyncIterator<unknown> => {
    const reader = stream.getReader()
    return {
      next: async () => {
        const { done, value } = await reader.read()
        return done ? { done, value: undefined } : { done, value }
      },
      return: async () => {
        await reader.cancel()
        return { done: true, value: undefined }
      },
    }
  }
  return new IteratedSource(open, facts)
}

export function iteratedSource(iterable: AsyncIterable<unknown> | Iterable<unknown>): BodySource {
  return new IteratedSource(() =>
    Symbol.asyncIterator in iterable ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator](),
  )
}

/** How long a source may take to close after a failure. */
const CLOSE_MS = 2_000

type AnyIterator = AsyncIterator<unknown, unknown> | Iterator<unknown, unknown>

class IteratedSource implements BodySource {
  readonly facts: BodyFacts
  readonly #open: () => AnyIterator
  #iterator: AnyIterator | undefined
  #writing: Promise<void> = Promise.resolve()
  /** A chunk was asked for and has not come. */
  #isAwaited = false

  constructor(open: () => AnyIterator, facts: BodyFacts = {}) {
    this.#open = open
    this.facts = facts
  }

  start(upload: UploadStream): void {
    this.#writing = this.#write(upload)
  }

  async stop(): Promise<void> {
    // Between two chunks the loop ends by itself, and what the source does at its end is waited for. One that is in the
    // middle of a chunk may never come to its end: it is told, and not waited for.
    if (this.#isAwaited || this.#iterator === undefined) void this.#close()
    else await this.#writing
  }

  async #write(upload: UploadStream): Promise<void> {
    try {
      if (await this.#writeAll(upload)) upload.end()
      else await this.#close()
    } catch (error) {
      upload.destroy(toError(error))
      await this.#close()
    }
  }

  /** Whether it came to its end before the upload did. */
  async #writeAll(upload: UploadStream): Promise<boolean> {
    const { size } = this.facts
    const iterator = this.#open()
    this.#iterator = iterator
    const writer = new ChunkWriter(upload)
    let written = 0
    for (let chunks = 1; !upload.destroyed; chunks += 1) {
      const chunk = await this.#next(iterator)
      if (isOver(upload)) break
      if (chunk === undefined) {
        if (size !== undefined && written !== size) throw changed(size, written)
        return true
      }
      written += Buffer.byteLength(chunk)
      const taking = writer.write(chunk)
      if (taking !== undefined) await taking
      else if (chunks % CHUNKS_PER_TURN === 0) await nextTurn()
    }
    return false
  }

  async #next(iterator: AnyIterator): Promise<string | Uint8Array | undefined> {
    this.#isAwaited = true
    try {
      const result = await iterator.next()
      if (result.done === true) return undefined
      // A list may hold promises of chunks.
      return toChunk(isThenable(result.value) ? await result.value : result.value)
    } finally {
      this.#isAwaited = false
    }
  }

  /** What fails here comes after the failure that matters. */
  async #close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const limit = new Promise((resolve) => {
      timer = setTimeout(resolve, CLOSE_MS)
    })
    try {
      await Promise.race([(this.#iterator ?? this.#open()).return?.(), limit])
    } catch {
      // See above.
    } finally {
      clearTimeout(timer)
    }
  }
}

/** Asked anew: it may end while something else is waited for. */
function isOver({ destroyed }: UploadStream): boolean {
  return destroyed
}

function changed(size: number, written: number): UploadError {
  return new UploadError(
    'SOURCE_CHANGED',
    `the body had ${size} bytes when the upload began, and gave ${written}: nothing is published`,
    { retryable: true },
  )
}
