import { type CallOptions, type ListedUpload, type ObjectStore, UploadError } from '../../index.js'
import { EXIT } from '../process/exit-codes.js'
import { Failure } from '../process/failure.js'

/** The uploads of exactly this key. */
async function uploadsOfKey(store: ObjectStore, key: string, calls: CallOptions): Promise<ListedUpload[]> {
  const uploads: ListedUpload[] = []
  for await (const upload of store.listMultipartUploads({ prefix: key, ...calls })) {
    if (upload.key === key) uploads.push(upload)
  }
  return uploads
}

/** MinIO lists unfinished uploads by their exact key: a bucket without any may have some. */
export const PARTIAL_LIST =
  'ossup: the service is MinIO, which lists unfinished uploads only by their exact key: there may be others'

export async function partsOf(
  store: ObjectStore,
  upload: ListedUpload,
  calls: CallOptions,
): Promise<{ parts: number; bytes: number }> {
  const sum = { parts: 0, bytes: 0 }
  for await (const { size } of store.listParts(upload, calls)) {
    sum.parts += 1
    sum.bytes += size
  }
  return sum
}

/** Returns undefined if the upload has ended since it was listed, which must not fail the whole listing. */
export async function unlessGone<T>(task: Promise<T>): Promise<T | undefined> {
  try {
    return await task
  } catch (error) {
    if (error instanceof UploadError && error.code === 'NO_SUCH_UPLOAD') return undefined
    throw error
  }
}

/** Returns the only unfinished upload of the key, if no ID was given. */
export async function onlyUpload(store: ObjectStore, key: string, calls: CallOptions): Promise<ListedUpload> {
  const [upload, ...others] = await uploadsOfKey(store, key, calls)
  if (upload === undefined) throw new Failure(EXIT.notFound, `no unfinished upload exists for ${JSON.stringify(key)}`)
  if (others.length === 0) return upload
  const ids = [upload, ...others].map(({ uploadId }) => uploadId).join(', ')
  throw new Failure(
    EXIT.usage,
    `there are ${others.length + 1} unfinished uploads of this key: choose one with --upload-id: ${ids}`,
  )
}
