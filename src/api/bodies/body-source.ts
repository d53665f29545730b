/**
 * The sources of an upload, one for each kind of body. A source ends the upload when it ends, and destroys it with its
 * error when it fails.
 */
import { pipeline, type Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { toError, UploadError } from '../../shared/errors.js'
import type { UploadStream } from '../../stream/upload-stream.js'
import { mustBeWhole } from '../../stream/source-state.js'
import { CHUNKS_PER_TURN, isThenable, toChunk } from './body-kinds.js'
import { ChunkWriter } from './chunk-writer.js'
import { wrapForeignStream } from './foreign-stream.js'

/** What is known about a body in advance. */
export interface BodyFacts {
  /** Bytes. */
  size?: number
  contentType?: string
}

export interface BodySource {
  readonly facts: BodyFacts
  /** Starts to write. If the source fails, the upload fails. */
  start(upload: UploadStream): void
  /** Stops the source after a failure of the upload. Resolves when the source has closed, or after a time limit. */
  stop(): Promise<void>
}

/** Returns a source of bytes in memory. */
export function bytesSource(bytes: Uint8Array): BodySource {
  return {
    facts: { size: bytes.length },
    start(upload) {
      upload.end(bytes)
    },
    stop: () => Promise.resolve(),
  }
}

/** Returns a source for a Node.js stream of bytes. Its chunks need no check. */
export function pipedSource(stream: Readable): BodySource {
  return {
    facts: {},
    start(upload) {
      // pipeline() passes errors of the source, and its premature close, to the upload, which reports them.
      pipeline(stream, upload, () => undefined)
    },
    stop() {
      destroySource(stream)
      return Promise.resolve()
    },
  }
}

/** Returns a source for a Node.js stream of objects. Each chunk is checked, as `pipe()` would throw for an invalid one. */
export function objectSource(stream: Readable): BodySource {
  return new IteratedSource(() => iteratorOf(stream))
}

/** Returns a source for a stream of another package, which does not declare whether its chunks are bytes or objects. */
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

/** Legacy streams have no `destroy()`. */
function destroySource(stream: Partial<Readable>): void {
  stream.destroy?.()
}

/** Returns a source for a web stream. Unlike its iterator, it can be cancelled while a chunk is awaited. */
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
  /** Whether a chunk is awaited. */
  #isAwaited = false

  constructor(open: () => AnyIterator, facts: BodyFacts = {}) {
    this.#open = open
    this.facts = facts
  }

  start(upload: UploadStream): void {
    this.#writing = this.#write(upload)
  }

  async stop(): Promise<void> {
    // Between two chunks the loop ends by itself, and the clean-up of the source is awaited. While a chunk is awaited, the
    // source may never return: it is asked to stop, but not awaited.
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

  /** Resolves with whether the source ended before the upload did. */
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

  /** Errors here are ignored, as the upload has already failed. */
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

/** Reads the property again, as the upload may end during an await. */
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
