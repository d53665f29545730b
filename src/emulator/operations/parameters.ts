/** Reads parameters that several operations share. */
import { invalidArgument, Refusal } from '../refusal.js'
import type { Upload } from '../storage/uploads.js'
import type { OperationContext } from './operation.js'

/** Bits per second (alibabacloud-oss-go-sdk-v2). */
const TRAFFIC_LIMIT = { min: 245_760, max: 838_860_800 }

const MAX_INT32 = 2_147_483_647

/** Returns a whole number from `min` to `max`; undefined if the parameter is absent. */
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

/** The requested page of a list. */
export function readPageSize(context: OperationContext, name: string, byDefault: number): number {
  const { maxPage } = context.limits
  const { cutsPages } = context.dialect
  const asked = readInteger(context, name, cutsPages ? 0 : 1, cutsPages ? MAX_INT32 : maxPage)
  return Math.min(asked ?? byDefault, maxPage)
}

/** Returns the upload of the request. Throws `no-such-upload`. */
export function requireUpload({ call, storage, bucket, key }: OperationContext): Upload {
  const uploadId = call.parameter('uploadId') ?? ''
  const upload = storage.uploads.find(bucket, key, uploadId)
  if (upload === undefined) throw new Refusal('no-such-upload', { UploadId: uploadId })
  return upload
}

/** Returns the traffic limit of the request in bytes per second; undefined if there is none. */
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
