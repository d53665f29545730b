/**
 * For whoever watches a process without a hold on its uploads: tracing channels of `node:diagnostics_channel`, and lines
 * on standard error with `NODE_DEBUG=oss-upload-stream`. Where nobody listens nothing is built and nothing is called.
 */
import { subscribe, type TracingChannel, tracingChannel } from 'node:diagnostics_channel'
import { debuglog } from 'node:util'

/** What the messages of a task have in common: they are one object, filled in as the task goes on. */
interface Trace {
  /** From its beginning to its end. */
  elapsedMs?: number
  /** Why it failed. */
  error?: unknown
}

/** How a task is told in lines; without secrets. */
interface Wording<T extends Trace> {
  begins(trace: T): string
  ended(trace: T): string
}

const debug = debuglog('oss-upload-stream')

/** The channels `tracing:oss-upload-stream:<name>:start` and so on. Their messages are lines where those are asked for. */
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
 * Runs `task` and tells of it on the channel, as `tracePromise` does but for what the task gives, which is the caller's
 * alone. `toldError` makes of a failure what is told of it.
 */
export async function traced<T extends Trace, Result>(
  { start, end, asyncStart, asyncEnd, error }: TracingChannel<T, T>,
  trace: T,
  task: () => Promise<Result>,
  toldError: (failure: unknown) => unknown = (failure) => failure,
): Promise<Result> {
  const begunAt = performance.now()
  const running = start.runStores(trace, task)
  end.publish(trace)
  try {
    return await running
  } catch (failure) {
    trace.error = toldError(failure)
    error.publish(trace)
    throw failure
  } finally {
    trace.elapsedMs = Math.round(performance.now() - begunAt)
    asyncStart.publish(trace)
    asyncEnd.publish(trace)
  }
}

/** For what has no channel of its own. The text must have no secret in it. */
export function debugLine(text: string): void {
  debug('%s', text)
}
