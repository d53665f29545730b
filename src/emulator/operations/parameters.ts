/** Reading the parameters that several operations share. */
import { invalidArgument, Refusal } from '../refusal.js'
import type { Upload } from '../storage/uploads.js'
import type { OperationContext } from './operation.js'

/** A whole number from `min` to `max`; undefined when the parameter is absent. */
export function readInteger(
  { call }: Pick<OperationContext, 'call'>,
  name: string,
  min: number,
  max: number,
): number | undefined {
  const text = call.parameter(name)
  if (text === undefined) return undefined
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw invalidArgument(name, text, `${name} must be a whole number from ${min} to ${max}.`)
  }
  return value
}

/** How names are written into a list: as they are, or as in a form when the client asks for `encoding-type=url`. */
export function readEncoding({ call }: OperationContext): { isUrl: boolean; encode: (text: string) => string } {
  const type = call.parameter('encoding-type')
  if (type === undefined) return { isUrl: false, encode: (text) => text }
  if (type !== 'url') throw invalidArgument('encoding-type', type)
  return { isUrl: true, encode: encodeForm }
}

/** A page of what a list shall hold. */
export function readPageSize(context: OperationContext, name: string, byDefault: number): number {
  const { maxPage } = context.limits
  return readInteger(context, name, 1, maxPage) ?? Math.min(byDefault, maxPage)
}

/** The upload that the request names. Throws `no-such-upload`. */
export function requireUpload({ call, storage, bucket, key }: OperationContext): Upload {
  const uploadId = call.parameter('uploadId') ?? ''
  const upload = storage.uploads.find(bucket, key, uploadId)
  if (upload === undefined) throw new Refusal('no-such-upload', { UploadId: uploadId })
  return upload
}

/** Throws `already-exists` when the request forbids to overwrite and there is something to overwrite. */
export function checkOverwrite({ call, dialect, storage, bucket, key }: OperationContext): void {
  if (dialect.forbidsOverwrite(call) && storage.objects.has(bucket, key)) throw new Refusal('already-exists')
}

function encodeForm(text: string): string {
  return encodeURIComponent(text).replaceAll('%20', '+')
}
