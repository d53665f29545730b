/** The tracing channel `oss-upload-stream:upload`: every upload, from its start until it has settled. */
import { traceChannel, traced } from '../shared/diagnostics.js'
import { oneLine } from '../shared/text/one-line.js'
import type { Provider } from '../shared/provider.js'
import type { UploadResult } from './upload-result.js'

/**
 * The message of the tracing channel `oss-upload-stream:upload`. There is one object for each upload; optional members are
 * set as soon as they are known.
 */
export interface UploadTrace {
  /** The service. */
  provider: Provider
  /** The bucket's name. */
  bucket: string
  /** The object's key. */
  key: string
  /** Upload ID of a multipart upload. Set at the end. */
  uploadId?: string
  /** The result of a successful upload. */
  result?: UploadResult
  /** Milliseconds until the object was stored and verified, or the failed upload was cleaned up. */
  elapsedMs?: number
  /** The error of a failed upload: an UploadError, or the reason of the abort. */
  error?: unknown
}

const channel = traceChannel<UploadTrace>('upload', {
  begins: (trace) => `upload ${nameOf(trace)} begins`,
  ended: (trace) => `upload ${nameOf(trace)} ${outcomeOf(trace)}`,
})

/** An upload with subscribers. One of the two ends must be reported, once. */
export interface TracedUpload {
  readonly trace: UploadTrace
  stored(result: UploadResult): void
  failed(error: Error, uploadId: string | undefined): void
}

/** Reports the start of an upload. Returns undefined if the channel has no subscribers. */
export function traceUpload(provider: Provider, bucket: string, key: string): TracedUpload | undefined {
  if (!channel.hasSubscribers) return undefined
  const trace: UploadTrace = { provider, bucket, key }
  const name = (uploadId: string | undefined): void => {
    if (uploadId !== undefined) trace.uploadId = uploadId
  }
  let stored: TracedUpload['stored'] = () => undefined
  let failed: TracedUpload['failed'] = () => undefined
  const end = new Promise<void>((resolve, reject) => {
    stored = (result) => {
      name(result.uploadId)
      trace.result = result
      resolve()
    }
    failed = (error, uploadId) => {
      name(uploadId)
      reject(error)
    }
  })
  // The caller handles the failure; here it is only reported.
  traced(channel, trace, () => end).catch(() => undefined)
  return { trace, stored, failed }
}

function nameOf({ provider, bucket, key }: UploadTrace): string {
  return JSON.stringify(`${provider}://${bucket}/${key}`)
}

function outcomeOf({ result, error }: UploadTrace): string {
  if (result !== undefined) {
    const { size, parts, crc64 } = result
    return `stored: ${size} bytes in ${parts} ${parts === 1 ? 'part' : 'parts'}, CRC-64 ${crc64}`
  }
  return `failed: ${oneLine(error instanceof Error ? error.message : String(error), 600)}`
}
