import type { ListedUpload } from '../index.js'
import type { Invocation } from './command.js'
import { usageFailure } from './failure.js'
import { openObject, openTarget, type OpenTarget } from './store-access.js'
import { partsOf, unlessGone } from './unfinished-uploads.js'

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
    if (uploadId !== undefined) await abortOne(target, { key: target.key, uploadId }, invocation)
    else await abortOld(target, olderThan ?? 0, invocation)
  } finally {
    await target.store.close()
  }
}

async function abortOld(target: OpenTarget, olderThanMs: number, invocation: Invocation): Promise<void> {
  const prefix = target.key === '' ? undefined : target.key
  const { signal } = invocation.session
  // Each one's parts are told, which only unfinished uploads have: the store is asked which they are, not to abort them.
  const { aborted: old } = await target.store.abortStaleUploads({ prefix, olderThanMs, dryRun: true, signal })
  for (const upload of old) await unlessGone(abortOne(target, upload, invocation))
  const { options, session } = invocation
  if (old.length === 0 && !options.flag('quiet')) session.stderr.line('ossup: there are none that old')
}

async function abortOne(target: OpenTarget, upload: ListedUpload, { options, session }: Invocation): Promise<void> {
  const { stdout, signal } = session
  // The service takes the abort of an upload that is not there for done: a mistyped id would look like a success.
  const { parts, bytes } = await partsOf(target.store, upload, signal)
  const isDry = options.flag('dry-run')
  if (!isDry) await target.store.abortMultipartUpload(upload, { signal })
  const { key, uploadId } = upload
  if (options.flag('json')) stdout.line(JSON.stringify({ key, uploadId, parts, bytes, aborted: !isDry }))
  else if (!options.flag('quiet')) {
    const count = `${parts} ${parts === 1 ? 'part' : 'parts'}, ${bytes} bytes`
    stdout.line(`${isDry ? 'would abort' : 'aborted'} ${target.addressOf(key)} upload ${uploadId} (${count})`)
  }
}
