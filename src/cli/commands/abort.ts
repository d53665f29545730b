import type { CallOptions, ListedUpload } from '../../index.js'
import type { Invocation } from './command.js'
import { countOf } from '../options/counts.js'
import { messageOf, usageFailure } from '../process/failure.js'
import { openObject, openTarget, type OpenTarget } from '../access/store-access.js'
import { noteFirstRetry } from '../progress/retry-note.js'
import { PARTIAL_LIST, partsOf, unlessGone } from './unfinished-uploads.js'

export async function abort(invocation: Invocation): Promise<void> {
  const { operands, options, session } = invocation
  const uploadId = options.text('upload-id')
  const olderThan = options.duration('older-than')
  if ((uploadId === undefined) === (olderThan === undefined)) {
    throw usageFailure('abort needs one of --upload-id ID and --older-than TIME')
  }
  const open = uploadId === undefined ? openTarget : openObject
  const target = open(operands[0] ?? '', options, session.environment)
  try {
    const calls = noteFirstRetry(session, options)
    if (uploadId !== undefined) await abortOne(target, { key: target.key, uploadId }, invocation, calls)
    else await abortOld(target, olderThan ?? 0, invocation, calls)
  } finally {
    await target.store.close()
  }
}

async function abortOld(
  target: OpenTarget,
  olderThanMs: number,
  invocation: Invocation,
  calls: CallOptions,
): Promise<void> {
  const prefix = target.key
  const { options, session } = invocation
  const { signal, stderr } = session
  // The size of each upload is printed, so the uploads are listed first instead of being aborted by the store.
  const stale = await target.store.abortStaleUploads({ prefix, olderThanMs, dryRun: true, ...calls })
  const { aborted: old, isPartial = false } = stale
  if (isPartial && !options.flag('quiet')) stderr.line(PARTIAL_LIST)
  if (old.length === 0 && !options.flag('quiet')) stderr.line('ossup: no unfinished upload is that old')
  const failures: unknown[] = []
  for (const upload of old) {
    try {
      await unlessGone(abortOne(target, upload, invocation, calls))
    } catch (error) {
      signal.throwIfAborted()
      failures.push(error)
    }
  }
  const [first, ...others] = failures
  for (const error of others) stderr.line(`ossup: ${messageOf(error)}`)
  if (failures.length > 0) throw first
}

async function abortOne(
  target: OpenTarget,
  upload: ListedUpload,
  { options, session }: Invocation,
  calls: CallOptions,
): Promise<void> {
  const { stdout } = session
  // Aborting an upload that does not exist succeeds, so a mistyped ID would look like a success.
  const { parts, bytes } = await partsOf(target.store, upload, calls)
  const isDry = options.flag('dry-run')
  if (!isDry) await target.store.abortMultipartUpload(upload, calls)
  const { key, uploadId } = upload
  if (options.flag('json')) stdout.json({ key, uploadId, parts, bytes, aborted: !isDry })
  else if (!options.flag('quiet')) {
    const count = `${countOf(parts, 'part')}, ${countOf(bytes, 'byte')}`
    stdout.line(`${isDry ? 'would abort' : 'aborted'} ${target.addressOf(key)} upload ${uploadId} (${count})`)
  }
}
