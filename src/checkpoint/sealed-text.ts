/**
 * The text of a record: JSON with one item a line, and a CRC-64 of all the text before it at the end. A truncated or
 * changed text is detected, and a text of another program is not mistaken for a damaged one.
 */
import { Buffer } from 'node:buffer'
import { formatCrc64, parseCrc64 } from '../checksum/decimal.js'
import { crc64Engine } from '../checksum/engine.js'

/** What identifies a kind of record. */
export interface SealedKind {
  format: string
  version: number
  /** The name of the list of items. */
  list: string
}

/** The result of reading a text. A `foreign` one must not be overwritten. */
export type Unsealed<T> =
  { kind: 'record'; record: T } | { kind: 'damaged'; why: string } | { kind: 'foreign'; why: string }

const TAIL = /\n\],\n"sum":"([0-9]+)"\}\n$/

/** Returns the text of a record. `facts` are its members besides the list; each of `items` is JSON of one or more items. */
export function seal({ format, version, list }: SealedKind, facts: object, items: readonly string[]): string {
  const members = JSON.stringify(facts).slice(1, -1)
  const text = `${markOf(format)}${version},\n${members},\n"${list}":[\n${items.join(',\n')}`
  return `${text}\n],\n"sum":"${sumOf(text)}"}\n`
}

/** Reads a text. `parse` converts the parsed JSON to a record, and throws if it is invalid. */
export function unseal<T>({ format, version }: SealedKind, text: string, parse: (value: unknown) => T): Unsealed<T> {
  const mark = markOf(format)
  if (!text.startsWith(mark)) {
    return mark.startsWith(text)
      ? { kind: 'damaged', why: 'it is cut short' }
      : { kind: 'foreign', why: 'it does not start like a checkpoint' }
  }
  const found = /^[0-9]+/.exec(text.slice(mark.length))?.[0]
  if (found !== undefined && found !== String(version)) {
    return { kind: 'foreign', why: `it has version ${found}, and this library reads version ${version}` }
  }
  const tail = TAIL.exec(text)
  if (tail === null) return { kind: 'damaged', why: 'it is cut short' }
  if (tail[1] !== sumOf(text.slice(0, tail.index)))
    return { kind: 'damaged', why: 'its checksum is not that of its text' }
  try {
    return { kind: 'record', record: parse(JSON.parse(text)) }
  } catch (error) {
    return { kind: 'damaged', why: error instanceof Error ? error.message : String(error) }
  }
}

function markOf(format: string): string {
  return `{"format":"${format}","version":`
}

function sumOf(text: string): string {
  const crc64 = crc64Engine().create()
  crc64.update(Buffer.from(text))
  return formatCrc64(crc64.digest())
}

export function asList(name: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`${name} is not a list`)
  return value
}

export function asCrc64(name: string, value: unknown): bigint {
  const crc64 = parseCrc64(asText(name, value))
  if (crc64 === undefined) throw new Error(`${name} is not a CRC-64`)
  return crc64
}

export function asObject(name: string, value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${name} is not an object`)
  return value as Record<string, unknown>
}

export function asText(name: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') throw new Error(`${name} is not a text`)
  return value
}

export function asCount(name: string, value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new Error(`${name} is not a whole number`)
  return value as number
}
