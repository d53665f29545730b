import { type Provider, PROVIDER_NAMES } from '../provider.js'

/** The parts of `scheme://bucket/key`. Bucket and key may be empty. */
export interface TargetParts {
  /** Undefined if there is no service with that scheme. */
  provider: Provider | undefined
  bucket: string
  /** As it is, never decoded. */
  key: string
}

/** The forms of a target, for messages. */
export const TARGET_FORMS: string = PROVIDER_NAMES.map((scheme) => `${scheme}://bucket/key`).join(', ')

/** Splits a target. Returns undefined if the text has no scheme. */
export function splitTarget(text: string): TargetParts | undefined {
  const [, scheme, rest = ''] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(text) ?? []
  if (scheme === undefined) return undefined
  const [, bucket = '', key = ''] = /^([^/]*)\/?(.*)$/s.exec(rest) ?? []
  return { provider: PROVIDER_NAMES.find((name) => name === scheme), bucket, key }
}
