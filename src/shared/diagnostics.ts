/**
 * Diagnostics of a whole process: tracing channels of `node:diagnostics_channel`, and lines on standard error with
 * `NODE_DEBUG=oss-upload-stream`. Without a subscriber no message is built.
 */
import { subscribe, type TracingChannel, tracingChannel } from 'node:diagnostics_channel'
import { debuglog } from 'node:util'

/** What all messages of a task have in common: they are one object, which is completed as the task proceeds. */
interface Trace {
  /** Milliseconds from start to end. */
  elapsedMs?: number
  /** The error of a failed task. */
  error?: unknown
}

/** The debug lines of a task, without secrets. */
interface Wording<T extends Trace> {
  begins(trace: T): string
  ended(trace: T): string
}

const debug = debuglog('oss-upload-stream')

/** Returns the channels `tracing:oss-upload-stream:<name>:start` and so on, also logged as lines with `NODE_DEBUG`. */
export function traceChannel<T extends Trace>(name: string, wording: Wording<T>): TracingChannel<T, T> {
  const channel = tracingChannel<T, T>(`oss-upload-stream:${name}`)
  if (debug.enabled) {
    subscribe(channel.start.name, (trace) => debugLine(wording.begins(trace as T)))
    subscribe(channel.asyncEnd.name, (trace) =>
      debugLine(`${wording.ended(trace as T)} (${(trace as T).elapsedMs ?? 0} ms)`),
    )
  }
  return channel
}

/**
 * Runs `task` and publishes its start, end and error, as `tracePromise` does, but not its result, which belongs to the
 * caller alone. `publicError` converts an error for publication.
 */
export async function traced<T extends Trace, Result>(
  { start, end, asyncStart, asyncEnd, error }: TracingChannel<T, T>,
  trace: T,
  task: () => Promise<Result>,
  publicError: (failure: unknown) => unknown = (failure) => failure,
): Promise<Result> {
  const startedAt = performance.now()
  const running = start.runStores(trace, task)
  end.publish(trace)
  try {
    return await running
  } catch (failure) {
    trace.error = publicError(failure)
    error.publish(trace)
    throw failure
  } finally {
    trace.elapsedMs = Math.round(performance.now() - startedAt)
    asyncStart.publish(trace)
    asyncEnd.publish(trace)
  }
}

/** Logs a line for something without a channel. The text must not contain a secret. */
export function debugLine(text: string): void {
  debug('%s', text)
}
