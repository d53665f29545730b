/** Callbacks of a transfer. Each gets what the listeners of one event get. */
import { checkFunction } from './check-option.js'

/** The event of each callback. A callback that is missing in such a table does not compile. */
export type EventTable<Callbacks, Event extends string> = Readonly<Record<keyof Callbacks & string, Event>>

type Observer<Event extends string> = Readonly<Record<Event, (value: unknown) => void | Promise<void>>>

/** @throws {UploadError} `INVALID_OPTION` when one of the callbacks is not a function. */
export function checkCallbacks<Callbacks extends object>(
  callbacks: Callbacks,
  table: EventTable<Callbacks, string>,
): void {
  const given = callbacks as Readonly<Record<string, unknown>>
  for (const name of Object.keys(table)) if (given[name] !== undefined) checkFunction(name, given[name])
}

/** Returns functions, one for each event, that pass what they get to `emit` and then to the callback of the event. */
export function observeWith<Name extends string, Event extends string>(
  table: Readonly<Record<Name, Event>>,
  callbacks: () => Readonly<Partial<Record<Name, unknown>>>,
  emit: (event: Event, value: unknown) => void = () => undefined,
): Observer<Event> {
  const observers = Object.entries<Event>(table).map(([name, event]) => {
    const observe = (value: unknown): void | Promise<void> => {
      emit(event, value)
      const given = callbacks() as Readonly<Record<string, Observer<string>[string] | undefined>>
      return given[name]?.(value)
    }
    return [event, observe] as const
  })
  return Object.fromEntries(observers) as Observer<Event>
}
