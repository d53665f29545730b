/** Reading the parameters that several operations share. */
import { invalidArgument, Refusal } from '../refusal.js'
import type { Upload } from '../storage/uploads.js'
import type { OperationContext } from './operation.js'

/** Bits per second (alibabacloud-oss-go-sdk-v2). */
const TRAFFIC_LIMIT = { min: 245_760, max: 838_860_800 }

const MAX_INT32 = 2_147_483_647

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

/** A page of what a list shall hold. */
export function readPageSize(context: OperationContext, name: string, byDefault: number): number {
  const { maxPage } = context.limits
  const { cutsPages } = context.dialect
  const asked = readInteger(context, name, cutsPages ? 0 : 1, cutsPages ? MAX_INT32 : maxPage)
  return Math.min(asked ?? byDefault, maxPage)
}

/** The upload that the request names. Throws `no-such-upload`. */
export function requireUpload({ call, storage, bucket, key }: OperationContext): Upload {
  const uploadId = call.parameter('uploadId') ?? ''
  const upload = storage.uploads.find(bucket, key, uploadId)
  if (upload === undefined) throw new Refusal('no-such-upload', { UploadId: uploadId })
  return upload
}

/** Bytes per second that the request asks for; undefined when it does not limit itself. */
export function readTrafficLimit({ call, dialect }: OperationContext): number | undefined {
  const name = `${dialect.headerPrefix}traffic-limit`
  const header = call.header(name)
  const parameter = call.parameter(name)
  const text = header ?? parameter
  if (text === undefined) return undefined
  const bits = Number(text)
  const isInRange = /^\d+$/.test(text) && bits >= TRAFFIC_LIMIT.min && bits <= TRAFFIC_LIMIT.max
  if (!isInRange || (header !== undefined && parameter !== undefined)) throw invalidArgument(name, text)
  return bits / 8
}
