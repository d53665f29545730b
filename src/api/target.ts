import { invalidOption } from '../shared/check-option.js'

/** What a target names: a whole address, or a key alone. */
export interface Target {
  /** Absent for a key alone. */
  bucket?: string
  key: string
}

/** `oss://bucket/key`, or a key. The key is taken as it is, never decoded. Throws UploadError. */
export function parseTarget(target: unknown): Target {
  const accepted = 'accepted is oss://bucket/key, or a key when the bucket comes from the store or the environment'
  if (typeof target !== 'string' || target === '') throw invalidOption('target', target, accepted)
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(target)?.[1]
  if (scheme === undefined) return { key: target }
  const match = /^oss:\/\/([^/]*)\/(.+)$/s.exec(target)
  if (match?.[1] === undefined || match[2] === undefined) throw invalidOption('target', target, accepted)
  return { bucket: match[1], key: match[2] }
}
