import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { TestContext } from 'node:test'

type Phase = 'start' | 'end' | 'asyncStart' | 'asyncEnd' | 'error'

export interface TraceMessage<T> {
  phase: Phase
  message: T
}

/** All that the tracing channel of that name tells until the test ends. */
export function listenTo<T>(t: Pick<TestContext, 'after'>, name: string): TraceMessage<T>[] {
  const messages: TraceMessage<T>[] = []
  for (const phase of ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const) {
    const { name: full } = channel(`tracing:${name}:${phase}`)
    const listener = (message: unknown): void => {
      messages.push({ phase, message: message as T })
    }
    subscribe(full, listener)
    t.after(() => unsubscribe(full, listener))
  }
  return messages
}

/** The messages of those tasks that have ended. */
export function ended<T>(messages: readonly TraceMessage<T>[]): T[] {
  return messages.filter(({ phase }) => phase === 'asyncEnd').map(({ message }) => message)
}
