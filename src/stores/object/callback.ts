/** The callback of OSS and OBS as headers. The names in it are the same for both. */
import { KiB } from '../../shared/byte-size.js'
import {
  checkNames,
  checkObject,
  checkOneOf,
  checkRecord,
  checkString,
  invalidOption,
} from '../../shared/check-option.js'
import { type Callback, CALLBACK_NAMES } from './object-options.js'

const PLACEHOLDER_OF_OSS = /\$\{[\w.:-]+\}/
const PLACEHOLDER_OF_OBS = /\$\([\w.:-]+\)/
const BODY_TYPES = ['application/x-www-form-urlencoded', 'application/json'] as const

/** The callback format of a service. Sources: OSS "Callback", Huawei Cloud OBS "Callback" (obs_04_0095). */
export interface CallbackRules {
  readonly maxUrls: number
  /** The delimiters of placeholders in the body: `${object}` on OSS, `$(key)` on OBS. */
  readonly placeholders: '{}' | '()'
}

/**
 * Returns the headers of the callback.
 *
 * @throws {UploadError} `INVALID_OPTION` if it is invalid.
 */
export function callbackParameters(
  callback: Callback,
  { maxUrls, placeholders }: CallbackRules,
): Record<string, unknown> {
  checkNames('callback', checkObject('callback', callback), CALLBACK_NAMES)
  const { url, body, host, bodyType } = callback
  const urls = typeof url === 'string' ? [url] : url
  if (!Array.isArray(urls) || urls.length < 1 || urls.length > maxUrls) {
    throw invalidOption('callback.url', url, `must be a URL, or a list of up to ${maxUrls}`)
  }
  const text = checkString('callback.body', body)
  const foreign = (placeholders === '{}' ? PLACEHOLDER_OF_OBS : PLACEHOLDER_OF_OSS).exec(text)?.[0]
  if (foreign !== undefined) {
    const own = placeholders === '{}' ? '${object}' : '$(key)'
    throw invalidOption(
      'callback.body',
      foreign,
      `must have placeholders of this service, such as ${own}, because the service does not replace any others`,
    )
  }
  return {
    callbackUrl: urls.map((item) => encodeUrl(item)).join(';'),
    callbackBody: text,
    callbackBodyType: checkOneOf('callback.bodyType', bodyType ?? 'application/x-www-form-urlencoded', BODY_TYPES),
    ...(host === undefined ? {} : { callbackHost: checkString('callback.host', host) }),
  }
}

/** Returns the values of the placeholders `${x:name}`. Throws UploadError. */
export function callbackVariables(variables: unknown): Record<string, string> {
  const checked: Record<string, string> = {}
  for (const [name, value] of Object.entries(checkRecord('callback.variables', variables))) {
    const full = name.startsWith('x:') ? name : `x:${name}`
    if (!/^x:[a-z0-9_-]+$/.test(full)) {
      throw invalidOption('a name in callback.variables', name, 'must consist of a-z 0-9 _ and -')
    }
    if (typeof value !== 'string') {
      throw invalidOption(`callback.variables[${JSON.stringify(name)}]`, value, 'must be a string')
    }
    checked[full] = value
  }
  return checked
}

/** Encodes it for a header. Throws UploadError if it is too long. */
export function encodeCallbackPart(name: string, part: Record<string, unknown>): string {
  const encoded = Buffer.from(JSON.stringify(part)).toString('base64')
  if (encoded.length > 5 * KiB) {
    throw invalidOption(name, `${encoded.length} bytes long`, 'must have at most 5 KiB, encoded in base64')
  }
  return encoded
}

/** Returns whether a request with these headers has a callback. */
export function hasCallback(
  headers: Readonly<Record<string, string>>,
  { headerPrefix }: { readonly headerPrefix: string },
): boolean {
  return `${headerPrefix}callback` in headers
}

/** Returns the response of the callback server, which should be JSON; any other text is returned unchanged. */
export function callbackAnswer(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

/** Percent-encodes a URL, as services require. A URL of plain ASCII is unchanged. */
function encodeUrl(url: unknown): string {
  if (typeof url === 'string' && url.isWellFormed() && URL.canParse(url) && !url.includes(';')) {
    const { protocol, href } = new URL(url)
    if (/^https?:$/.test(protocol)) return /^[\x21-\x7e]+$/.test(url) ? url : href
  }
  throw invalidOption('callback.url', url, 'must be an http or https URL without a semicolon')
}
