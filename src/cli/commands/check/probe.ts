/** Tries what a backup does with a small object and a small upload, one request after the other. */
import { hostname } from 'node:os'
import { text } from 'node:stream/consumers'
import { type CallOptions, UploadError } from '../../../index.js'
import type { OpenTarget } from '../../access/store-access.js'
import type { Right } from './rights.js'

const CONTENT = 'ossup check\n'

/** The result for one right. `error`: why it failed; `left`: what stays in the store. */
export interface Finding {
  right: Right
  error?: unknown
  left?: string
}

/** What the responses of the service contain. */
export interface Probed {
  findings: Finding[]
  /** How much the local clock is ahead of that of the service; undefined if unknown. */
  clockAheadMs?: number
}

/** The same key in every check of a machine: if the object may not be deleted, the next check replaces it. */
function probeKey(key: string): string {
  return `${key}.ossup-check-${hostname().replace(/[^A-Za-z0-9-]+/g, '-')}`
}

/** Tries everything that the previous results allow. Rejects only if the signal is aborted: a failure is a finding. */
export async function probe(target: OpenTarget, calls: CallOptions & { signal: AbortSignal }): Promise<Probed> {
  const findings: Finding[] = []
  const { store } = target
  const key = probeKey(target.key)

  /** Returns what the task resolves with; undefined if it failed. */
  async function attempt<T>(right: Right, task: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await task()
      findings.push({ right })
      return result
    } catch (error) {
      calls.signal.throwIfAborted()
      findings.push({ right, error })
      return undefined
    }
  }

  const stored = await attempt('put', () => store.upload(key, CONTENT, calls))
  if (stored === undefined && !isRefusedAlone(findings[0]?.error)) return { findings }
  const clock: { clockAheadMs?: number } = {}
  if (stored !== undefined) {
    const head = await attempt('head', () => store.head(key, calls))
    const answeredAt = Date.parse(head?.headers['date'] ?? '')
    if (!Number.isNaN(answeredAt)) clock.clockAheadMs = Date.now() - answeredAt
    await attempt('get', async () => {
      const read = await text((await store.get(key, calls)).body)
      if (read !== CONTENT) throw new Error('the object has other bytes than were stored')
    })
  }
  await probeUpload()
  await attempt('list', () => store.list({ prefix: key, limit: 1, ...calls }).next())
  await attempt('list uploads', () => store.listMultipartUploads({ prefix: key, limit: 1, ...calls }).next())
  if (stored !== undefined) {
    const before = findings.length
    await attempt('delete', () => store.delete(key, calls))
    const finding = findings[before]
    if (finding?.error !== undefined) finding.left = target.addressOf(key)
  }
  return { findings, ...clock }

  async function probeUpload(): Promise<void> {
    const uploadId = await attempt('upload', () => store.initiateMultipartUpload(key, calls))
    if (uploadId === undefined) return
    const upload = { key, uploadId }
    await attempt('part', () => store.uploadPart(upload, 1, Buffer.from(CONTENT), calls))
    await attempt('list parts', () => store.listParts(upload, calls).next())
    const before = findings.length
    await attempt('abort', () => store.abortMultipartUpload(upload, calls))
    const finding = findings[before]
    if (finding?.error !== undefined) finding.left = `upload ${uploadId} of ${target.addressOf(key)}`
  }
}

/** Whether the bucket is in another region than the request was sent to, or signed for. */
export function isWrongRegion(error: unknown): boolean {
  if (!(error instanceof UploadError) || error.status === undefined) return false
  const { serviceCode = '', message, status } = error
  if (/AuthorizationHeaderMalformed|PermanentRedirect|IllegalLocationConstraint/i.test(serviceCode)) return true
  return status === 301 || /signing region|must be addressed using the specified endpoint/i.test(message)
}

/** Whether the service itself refused this request, and may allow others. */
function isRefusedAlone(error: unknown): boolean {
  return error instanceof UploadError && error.code === 'ACCESS_DENIED' && !isRefusedSignature(error)
}

/** Whether the service does not know the keys, or computes another signature: no request can succeed. */
export function isRefusedSignature(error: unknown): boolean {
  if (!(error instanceof UploadError)) return false
  const { serviceCode = '' } = error
  return /AccessKeyId|SignatureDoesNotMatch|SecurityToken|InvalidToken|ExpiredToken|RequestTimeTooSkewed/i.test(
    serviceCode,
  )
}
