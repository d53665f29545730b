/** The options that all services handle in the same way. */
import { checkBoolean, checkRecord, checkString, invalidOption } from '../../shared/check-option.js'
import { percentEncode } from '../../signing/percent-encoding.js'
import { checkHeaders, checkHeaderValue, metadataHeaders } from './header-checks.js'
import { CREATION, header, headers, type OptionTable, withoutHeader } from './option-table.js'

/** Headers that the library sets, or that have their own option. */
const RESERVED: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'content-length',
  'content-md5',
  'date',
  'expect',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-unmodified-since',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
])

interface CommonFacts {
  /** Prefix of the service's own headers. */
  readonly prefix: string
  /** The service's own headers that the library sets, without the prefix. */
  readonly reserved: readonly string[]
  readonly maxMetadataBytes: number
  /** Longest value of a tag, in characters. Default 256. */
  readonly maxTagValue?: number
}

export function commonOptions({
  prefix,
  reserved,
  maxMetadataBytes,
  maxTagValue = 256,
}: CommonFacts): Pick<OptionTable['rules'], 'headers' | 'contentType' | 'metadata' | 'tagging' | 'contentMd5'> {
  const isReserved = (name: string): boolean =>
    name.startsWith(prefix) ? reserved.includes(name.slice(prefix.length)) : RESERVED.has(name)
  return {
    headers: headers({}, (raw) => {
      const checked = checkHeaders('headers', raw)
      for (const name of checked.keys()) {
        if (isReserved(name)) throw invalidOption('a name in headers', name, 'must be left out: the library sets it')
      }
      return checked
    }),
    contentType: header('content-type', CREATION, (type) =>
      checkString('contentType', checkHeaderValue('contentType', type)),
    ),
    metadata: headers({}, (metadata) => metadataHeaders(`${prefix}meta-`, metadata, maxMetadataBytes)),
    tagging: header(`${prefix}tagging`, CREATION, (tagging) => formatTagging(tagging, maxTagValue) || undefined),
    // The header is sent with each body.
    contentMd5: withoutHeader((value) => checkBoolean('contentMd5', value)),
  }
}

function formatTagging(tagging: unknown, maxValue: number): string {
  const tags = Object.entries(checkRecord('tagging', tagging))
  if (tags.length > 10) throw invalidOption('tagging', `${tags.length} tags long`, 'must have up to 10 tags')
  return tags
    .map(([name, value]) => {
      checkLength('a name in tagging', name, 1, 128)
      if (typeof value !== 'string') throw invalidOption(`tagging[${JSON.stringify(name)}]`, value, 'must be a string')
      checkLength(`tagging[${JSON.stringify(name)}]`, value, 0, maxValue)
      return `${percentEncode(name)}=${percentEncode(value)}`
    })
    .join('&')
}

/** All three services count characters, and a character may be a pair of UTF-16 units. */
function checkLength(name: string, value: string, min: number, max: number): void {
  const length = Array.from(value).length
  if (length < min || length > max || !value.isWellFormed()) {
    throw invalidOption(name, value, `must have ${min} to ${max} characters of Unicode`)
  }
}
