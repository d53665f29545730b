/**
 * Finds the unfinished download of a previous run. It is resumed if nothing has changed; otherwise there is a reason
 * why not.
 */
import { crc64Engine } from '../../checksum/engine.js'
import { UploadError } from '../../shared/errors.js'
import type { CallContext, ObjectHead, ReadOptions, StoreDriver } from '../../stores/store-driver.js'
import { isSameObject } from '../object-pin.js'
import type { DownloadRecord } from './download-record.js'
import type { DownloadRestart, DownloadRestartReason } from './file-download-options.js'
import { PartialFile } from './partial-file.js'
import type { TargetFile } from './target-file.js'
import type { WrittenSpan } from './written-spans.js'

export type EarlierDownload =
  | { kind: 'none' }
  | { kind: 'useless'; notice: DownloadRestart }
  | { kind: 'resumable'; object: ObjectHead; partial: PartialFile; spans: readonly WrittenSpan[] }

/** The object to read and the target file. */
export interface WantedDownload {
  driver: StoreDriver
  key: string
  read: ReadOptions
  target: TargetFile
}

/** `found` is what the checkpoint has: a record, or why it cannot be read. @throws {UploadError} */
export async function findEarlier(
  found: DownloadRecord | string | undefined,
  wanted: WantedDownload,
  context: CallContext & { signal: AbortSignal },
): Promise<EarlierDownload> {
  if (found === undefined) return { kind: 'none' }
  if (typeof found === 'string') return useless('record-damaged', `the checkpoint is damaged: ${found}`)
  const { driver, key, read, target } = wanted
  if (found.file !== target.place) {
    const message = `the checkpoint belongs to a download into ${JSON.stringify(found.file)}: finish that, or name another checkpoint`
    throw new UploadError('INVALID_OPTION', message)
  }
  if (found.location !== driver.locationOf(key)) {
    return useless(
      'object-changed',
      `the checkpoint belongs to ${found.location}, and this is ${driver.locationOf(key)}`,
    )
  }
  const object = await driver.headObject(key, context, read)
  if (!isSameObject(found, object)) return useless('object-changed', 'the object was replaced since')
  const partial = await PartialFile.reopen(target)
  if (partial === undefined) return useless('file-changed', 'the partial file is not there')
  try {
    const spans = await intactSpans(partial, found.spans, context.signal)
    if (spans.length > 0) return { kind: 'resumable', object, partial, spans }
  } catch (error) {
    await partial.close()
    throw error
  }
  await partial.close()
  return useless('file-changed', 'the partial file has other bytes than were written')
}

function useless(reason: DownloadRestartReason, message: string): EarlierDownload {
  return { kind: 'useless', notice: { reason, message } }
}

/** Returns the spans whose bytes in the file are unchanged. */
async function intactSpans(
  partial: PartialFile,
  recorded: readonly WrittenSpan[],
  signal: AbortSignal,
): Promise<WrittenSpan[]> {
  const intact: WrittenSpan[] = []
  for (const span of recorded) {
    const crc64 = crc64Engine().create()
    let size = 0
    await partial.read(
      span,
      (bytes) => {
        crc64.update(bytes)
        size += bytes.length
      },
      signal,
    )
    if (size === span.end - span.start && crc64.digest() === span.crc64) intact.push(span)
  }
  return intact
}
