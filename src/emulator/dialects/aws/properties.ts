/** Reads the headers that set the properties of an object, in the format that S3 and OBS share. */
import { Buffer } from 'node:buffer'
import type { Call } from '../../http/call.js'
import type { Limits } from '../../limits.js'
import { invalidArgument } from '../../refusal.js'
import { failed } from './claim-checks.js'

const KEPT_HEADERS = [
  'content-type',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
]
/** Characters. */
const MAX_TAG_KEY = 128
const MAX_TAG_VALUE = 256

/** `usualType` is the content type of an object whose request has none. */
export function readKeptHeaders(call: Call, usualType: string): Record<string, string> {
  const kept = KEPT_HEADERS.flatMap((name) => {
    const value = name === 'content-encoding' ? contentEncoding(call) : call.header(name)
    return value === undefined ? [] : [[name, value] as const]
  })
  return { 'content-type': usualType, ...Object.fromEntries(kept) }
}

/** Without `aws-chunked`, which is not stored. */
function contentEncoding(call: Call): string | undefined {
  const codings = (call.header('content-encoding') ?? '').split(',').map((coding) => coding.trim())
  const kept = codings.filter((coding) => coding !== '' && coding !== 'aws-chunked')
  return kept.length === 0 ? undefined : kept.join(',')
}

/** `textOf` returns the value of the header of that name. */
export function readMetadata(
  call: Call,
  prefix: string,
  limits: Limits,
  textOf: (header: string) => string = (header) => call.header(header) ?? '',
): Record<string, string> {
  const metaPrefix = `${prefix}meta-`
  const metadata = Object.keys(call.headers)
    .filter((name) => name.startsWith(metaPrefix))
    .map((name) => [name.slice(metaPrefix.length), textOf(name)] as const)
  const size = metadata.reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0)
  if (size > limits.maxMetadataBytes) {
    throw failed('MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size', {
      Size: String(size),
      MaxSizeAllowed: String(limits.maxMetadataBytes),
    })
  }
  return Object.fromEntries(metadata)
}

export function readTags(call: Call, prefix: string, limits: Limits): [name: string, value: string][] {
  const tags = [...new URLSearchParams(call.header(`${prefix}tagging`) ?? '')]
  const isTaken = tags.every(([name, value]) => fits(name, 1, MAX_TAG_KEY) && fits(value, 0, MAX_TAG_VALUE))
  const areUnique = new Set(tags.map(([name]) => name)).size === tags.length
  if (!isTaken || !areUnique) throw failed('InvalidTag', 'The tag provided was not a valid tag.')
  if (tags.length > limits.maxTags) {
    throw failed('BadRequest', `Object tags cannot be greater than ${limits.maxTags}`)
  }
  return tags
}

function fits(text: string, min: number, max: number): boolean {
  const { length } = Array.from(text)
  return length >= min && length <= max
}

/** Returns the value of the header, which must be one of `values`. */
export function readOneOf(call: Call, name: string, values: readonly string[], code: string): string | undefined {
  const value = call.header(name)
  if (value === undefined || values.includes(value)) return value
  if (code === 'InvalidArgument') throw invalidArgument(name, value, `${name} must be one of ${values.join(', ')}.`)
  throw failed(code, `The ${name} you specified is not valid`, { ArgumentName: name, ArgumentValue: value })
}
