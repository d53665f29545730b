import { invalidOption } from '../shared/check-option.js'
import { type Provider, PROVIDER_NAMES } from '../shared/provider.js'

/** A parsed target: a complete address, or only a key. */
export type Target = { provider: Provider; bucket: string; key: string } | { provider?: undefined; key: string }

/** Parses `oss://bucket/key`, `obs://…`, `s3://…`, or a key. The key is never decoded. Throws UploadError. */
export function parseTarget(target: unknown): Target {
  const accepted = `must be ${PROVIDER_NAMES.map((scheme) => `${scheme}://bucket/key`).join(', ')}, or a key when the bucket comes from the store or the environment`
  if (typeof target !== 'string' || target === '') throw invalidOption('target', target, accepted)
  const match = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(target)
  if (match === null) return { key: target }
  const provider = PROVIDER_NAMES.find((scheme) => scheme === match[1])
  const [, bucket, key] = /^([^/]*)\/(.+)$/s.exec(match[2] ?? '') ?? []
  if (provider === undefined || bucket === undefined || key === undefined) {
    throw invalidOption('target', target, accepted)
  }
  return { provider, bucket, key }
}
