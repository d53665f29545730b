/** What must be in a store after an upload, whatever happened to it. */
import assert from 'node:assert/strict'
import type { ObjectStore, UploadError, UploadResult } from '../../src/index.js'
import { readAll } from '../support/bytes.js'
import { exists } from '../support/emulated-store.js'

export interface UploadOutcome {
  key: string
  /** What was uploaded. */
  bytes: Buffer
  /** The object of that key before. */
  before?: Buffer | undefined
  forbidOverwrite: boolean
  /** Whether somebody gave up: an object that was being published then may be there. */
  gaveUp: boolean
  /** How often something on the way refused in the service's name what that may have carried out. */
  lies?: number
  result: UploadResult | Error
}

/** Throws unless the object is ours, whole, or as it was before, as the outcome says, and nothing else is left. */
export async function checkStored(store: ObjectStore, outcome: UploadOutcome): Promise<void> {
  const { key, bytes, before, forbidOverwrite, lies = 0, result } = outcome
  const isThere = await exists(store, key)
  const content = isThere ? await readAll((await store.get(key)).body) : undefined
  const isOurs = content?.equals(bytes) === true
  const isBefore = before !== undefined && content?.equals(before) === true
  const left: string[] = []
  for await (const found of store.listMultipartUploads({ prefix: key })) left.push(found.uploadId)

  if (!(result instanceof Error)) {
    assert.ok(isOurs, 'success was reported, but the object is not the source')
    assert.equal(result.size, bytes.length)
    if (result.provider !== 's3') assert.equal(result.crc64, (await store.head(key)).crc64)
    assert.ok(left.length <= (result.unknownUploads ?? 0) + lies, `${left.length} uploads are left behind`)
    const replaced = before !== undefined && !before.equals(bytes)
    assert.ok(!(forbidOverwrite && replaced), 'an object was overwritten although that was forbidden')
    return
  }
  const error = result as Partial<UploadError> & Error
  // Whole and ours, or as it was before: never anything between.
  assert.ok(
    content === undefined || isOurs || isBefore,
    `after "${error.message}" the object is neither ours nor the old one`,
  )
  if (isOurs && !isBefore) {
    const mayBeThere = error.outcomeUnknown === true || outcome.gaveUp || lies > 0 || error.code === 'CHECKSUM_MISMATCH'
    assert.ok(mayBeThere, `failure was reported (${error.message}), but the object is stored`)
  }
  if (before !== undefined) assert.ok(isThere, 'an existing object was deleted')
  const known = left.filter((uploadId) => uploadId !== error.uploadId)
  assert.ok(
    known.length <= (error.unknownUploads ?? 0) + lies,
    `${left.length} uploads are left behind after "${error.message}"`,
  )
  if (left.length > known.length) assert.ok(error.cleanupError, 'an upload is left behind without a word why')
}
