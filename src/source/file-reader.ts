import { Buffer } from 'node:buffer'
import { closeSync, read as readCallback } from 'node:fs'
import { promisify } from 'node:util'
import { toError } from '../shared/errors.js'
import { readingFrom } from '../shared/reading-failure.js'
import { unlessAborted } from '../shared/unless-aborted.js'
import { type ByteSink, OWN_BYTES, writeTo } from './byte-sink.js'

const read = promisify(readCallback)

/** Read at a time: few calls into the system, each of which costs more than the reading of 64 KiB. */
const SLICE = 1024 * 1024

export interface FileReading {
  /**
   * Whether each read ends, as for a file or a disk. Only then the sink lends its memory, and waits for the read if it is
   * cancelled. A read of another device may take indefinitely, so it uses memory of the reader.
   */
  isPrompt: boolean
  /** Whether to close the descriptor in the end. */
  closes: boolean
}

/**
 * Reads from the current position to the end, one read after the other. Resolves at the end; rejects with what
 * fails, or when the sink is cancelled.
 */
export async function readFile(fd: number, sink: ByteSink, { isPrompt, closes }: FileReading): Promise<void> {
  const reading = readAll(fd, sink, isPrompt).finally(() => {
    // Not during a read: the descriptor number could be reused for another file.
    if (closes) closeSync(fd)
  })
  if (isPrompt) return reading
  reading.catch(() => undefined)
  await unlessAborted(reading, sink.cancelled, toError)
}

async function readAll(fd: number, sink: ByteSink, isPrompt: boolean): Promise<void> {
  const own = Buffer.allocUnsafeSlow(OWN_BYTES)
  for (let isFirst = true; ; isFirst = false) {
    sink.cancelled.throwIfAborted()
    // What turns out to be empty needs no part.
    const lent = isPrompt && !isFirst ? sink.lend() : undefined
    const memory = lent ?? own
    let bytesRead = 0
    try {
      const reading = read(fd, memory, 0, Math.min(SLICE, memory.length), null)
      ;({ bytesRead } = await readingFrom(`file descriptor ${fd}`, reading))
    } finally {
      // What was refused or is cancelled is returned all the same.
      if (lent !== undefined) sink.accept(bytesRead)
    }
    if (bytesRead === 0) return
    if (lent === undefined) await writeTo(sink, own.subarray(0, bytesRead))
  }
}
