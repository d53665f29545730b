import type { Readable } from 'node:stream'

/** The events that streams have anyway. */
export interface StreamEvents {
  close: []
  data: [chunk: Buffer]
  drain: []
  end: []
  error: [error: Error]
  finish: []
  pause: []
  pipe: [source: Readable]
  readable: []
  resume: []
  unpipe: [source: Readable]
}

/** A listener of a stream with additional `Events`. Other events may have any arguments. */
export type ListenerOf<Events, Event extends string | symbol> = (
  ...values: Event extends keyof Events
    ? Values<Events[Event]>
    : Event extends keyof StreamEvents
      ? StreamEvents[Event]
      : never[]
) => void

type Values<T> = T extends unknown[] ? T : never
