import { parseByteSize } from './byte-sizes.js'
import { parseDuration } from './durations.js'
import { usageFailure } from '../process/failure.js'

export type RawValues = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>

/** Parses the values of options. Each getter refuses an invalid value, and names the option. */
export class Options {
  readonly #values: RawValues

  constructor(values: RawValues) {
    this.#values = values
  }

  flag(name: string): boolean {
    return this.#values[name] === true
  }

  text(name: string): string | undefined {
    const value = this.#values[name]
    if (value === '') throw usageFailure(`--${name} is empty`)
    return typeof value === 'string' ? value : undefined
  }

  wholeNumber(name: string): number | undefined {
    const value = this.text(name)
    if (value === undefined) return undefined
    if (!/^\d{1,15}$/.test(value)) throw usageFailure(`--${name} must be a whole number (got ${JSON.stringify(value)})`)
    return Number(value)
  }

  /** Exit statuses of a command, such as `0,1`. */
  statuses(name: string): number[] | undefined {
    const value = this.text(name)
    if (value === undefined) return undefined
    const statuses = value.split(',').map(Number)
    if (/^\d{1,3}(,\d{1,3})*$/.test(value) && statuses.every((status) => status <= 255)) return statuses
    throw usageFailure(`--${name} must be exit statuses from 0 to 255, such as 0,1 (got ${JSON.stringify(value)})`)
  }

  byteSize(name: string): number | undefined {
    const value = this.text(name)
    return value === undefined ? undefined : parseByteSize(name, value)
  }

  duration(name: string): number | undefined {
    const value = this.text(name)
    return value === undefined ? undefined : parseDuration(name, value)
  }

  /** One of some words. */
  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.text(name)
    const found = choices.find((choice) => choice === value)
    if (value === undefined || found !== undefined) return found
    throw usageFailure(`--${name} must be ${choices.join(', ')} (got ${JSON.stringify(value)})`)
  }

  /** `K=V`, any number of times. A value may be empty and may contain `=`. */
  pairs(name: string): Record<string, string> | undefined {
    const given = this.#values[name]
    if (!Array.isArray(given)) return undefined
    const pairs = new Map<string, string>()
    for (const text of given.map(String)) {
      const at = text.indexOf('=')
      if (at < 1) throw usageFailure(`--${name} must be NAME=VALUE (got ${JSON.stringify(text)})`)
      const key = text.slice(0, at)
      if (pairs.has(key)) throw usageFailure(`--${name} has ${JSON.stringify(key)} twice`)
      pairs.set(key, text.slice(at + 1))
    }
    return Object.fromEntries(pairs)
  }
}
