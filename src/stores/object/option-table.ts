/**
 * The support of a service for each option of an object: its headers and the requests that carry them, or that the
 * service does not support it. Every service has such a table; an option that is missing in one of them does not compile.
 */
import type { ObjectOptions } from './object-options.js'

/** The requests that carry an object's options; `read` is HeadObject and GetObject. */
export const OBJECT_REQUESTS = ['put', 'initiate', 'part', 'complete', 'read', 'list-parts', 'abort'] as const
export type ObjectRequest = (typeof OBJECT_REQUESTS)[number]

type Headers = Iterable<readonly [name: string, value: string]>

type Places = Readonly<Record<string, readonly ObjectRequest[]>>

export type OptionRule<Value> =
  | {
      readonly isSupported: true
      /**
       * The requests that carry each header, by its lower-case name; default `CREATION`. A raw header of that name is sent
       * with the same requests.
       */
      readonly places: Places
      /** @throws {UploadError} if the value is invalid. */
      headers(value: Value): Headers
    }
  | { readonly isSupported: false; readonly advice: string }

type OptionName = keyof ObjectOptions

export interface OptionTable {
  /** The service's name in messages. */
  readonly service: string
  readonly rules: { readonly [Name in OptionName]: OptionRule<NonNullable<ObjectOptions[Name]>> }
  /** Raw headers that are sent with every request of an upload, including those of the clean-up. */
  readonly everywhere: readonly string[]
}

/** The requests that set the properties of an object. Raw headers without a rule are sent with them. */
export const CREATION: readonly ObjectRequest[] = ['put', 'initiate']

/** The requests that make an object visible. */
export const PUBLICATION: readonly ObjectRequest[] = ['put', 'complete']

/** The requests that carry an object's bytes. */
export const CONTENT: readonly ObjectRequest[] = ['put', 'part']

/** An option with one header; none if `format` returns undefined. */
export function header<Value>(
  name: string,
  on: readonly ObjectRequest[],
  format: (value: Value) => string | undefined,
): OptionRule<Value> {
  return headers({ [name]: on }, (value) => {
    const text = format(value)
    return text === undefined ? [] : [[name, text]]
  })
}

export function headers<Value>(places: Places, format: (value: Value) => Headers): OptionRule<Value> {
  return { isSupported: true, places, headers: format }
}

/** An option without a header that is only checked. */
export function withoutHeader<Value>(check: (value: Value) => unknown): OptionRule<Value> {
  return headers({}, (value) => {
    check(value)
    return []
  })
}

export function notSupported(advice = 'leave it out'): { isSupported: false; advice: string } {
  return { isSupported: false, advice }
}
