/** Converts the options of an object to headers of the requests that carry them, by the table of the service. */
import { invalidOption } from '../../shared/check-option.js'
import { UploadError } from '../../shared/errors.js'
import { isOwnCopy, OBJECT_OPTION_NAMES, type ObjectOptions } from './object-options.js'
import { CREATION, OBJECT_REQUESTS, type ObjectRequest, type OptionRule, type OptionTable } from './option-table.js'

export class ObjectHeaders {
  readonly #table: OptionTable
  readonly #places: ReadonlyMap<string, readonly ObjectRequest[]>
  /** Cached headers of copied options, so that they are computed once for an upload, not for each part. */
  readonly #known = new WeakMap<ObjectOptions, ReadonlyMap<string, string>>()

  constructor(table: OptionTable) {
    this.#table = table
    const ruled = Object.values(table.rules).flatMap((rule: OptionRule<never>) =>
      rule.isSupported ? Object.entries(rule.places) : [],
    )
    this.#places = new Map([...ruled, ...table.everywhere.map((name) => [name, OBJECT_REQUESTS] as const)])
  }

  /** @throws {UploadError} `INVALID_OPTION` if an option is invalid, whether this request carries it or not. */
  on(request: ObjectRequest, options: ObjectOptions): Record<string, string> {
    const here = [...this.#all(options)].filter(([name]) => (this.#places.get(name) ?? CREATION).includes(request))
    return Object.fromEntries(here)
  }

  #all(options: ObjectOptions): ReadonlyMap<string, string> {
    const known = this.#known.get(options)
    if (known !== undefined) return known
    const all = this.#compute(options)
    if (isOwnCopy(options)) this.#known.set(options, all)
    return all
  }

  /** Raw headers come first: the dedicated option has precedence. */
  #compute(options: ObjectOptions): Map<string, string> {
    if (options.ifMatch !== undefined && options.forbidOverwrite === true) {
      throw invalidOption('ifMatch', options.ifMatch, 'must be left out with forbidOverwrite: they exclude each other')
    }
    const all = new Map([...this.#headersOf('headers', options)])
    for (const name of OBJECT_OPTION_NAMES) {
      if (name === 'headers') continue
      for (const [header, value] of this.#headersOf(name, options)) all.set(header, value)
    }
    // Always sent, because the defaults of the services differ.
    if (!all.has('content-type')) all.set('content-type', 'application/octet-stream')
    return all
  }

  #headersOf(name: keyof ObjectOptions, options: ObjectOptions): Iterable<readonly [name: string, value: string]> {
    const { rules, service } = this.#table
    const value = options[name]
    if (value === undefined) return []
    const rule: OptionRule<unknown> = rules[name]
    if (rule.isSupported) return rule.headers(value)
    if (value === false) return []
    throw new UploadError('INVALID_OPTION', `${service} does not support ${name}: ${rule.advice}`)
  }
}
