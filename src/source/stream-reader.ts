import { addAbortSignal, type Readable } from 'node:stream'
import { toError } from '../shared/errors.js'
import { type ByteSink, writeTo } from './byte-sink.js'

/** Reads a stream of bytes to its end. Rejects with what fails, or when the sink is cancelled; the stream is destroyed then. */
export async function readStream(stream: Readable, sink: ByteSink): Promise<void> {
  try {
    addAbortSignal(sink.cancelled, stream)
    for await (const chunk of stream as AsyncIterable<Buffer>) await writeTo(sink, chunk)
  } catch (error) {
    sink.cancelled.throwIfAborted()
    throw toError(error)
  }
}
