import { invalidOption } from '../shared/check-option.js'
import type { Provider } from '../shared/provider.js'
import { splitTarget, TARGET_FORMS } from '../shared/text/target.js'

/** A parsed target: a complete address, or only a key. */
export type Target = { provider: Provider; bucket: string; key: string } | { provider?: undefined; key: string }

/** Parses `oss://bucket/key`, `obs://…`, `s3://…`, or a key. The key is never decoded. Throws UploadError. */
export function parseTarget(target: unknown): Target {
  const accepted = `must be ${TARGET_FORMS}, or a key when the bucket comes from the store or the environment`
  if (typeof target !== 'string' || target === '') throw invalidOption('target', target, accepted)
  const parts = splitTarget(target)
  if (parts === undefined) return { key: target }
  const { provider, bucket, key } = parts
  if (provider === undefined || key === '') throw invalidOption('target', target, accepted)
  return { provider, bucket, key }
}
