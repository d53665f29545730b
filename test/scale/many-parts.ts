import type { ObjectInfo, ObjectStore } from '../../src/index.js'

/** An object of so many parts of one byte, `atOnce` at a time, completed and looked at. */
export async function manyParts(store: ObjectStore, count: number, atOnce: number): Promise<ObjectInfo> {
  const key = 'parts'
  const upload = { key, uploadId: await store.initiateMultipartUpload(key) }
  const parts: Awaited<ReturnType<ObjectStore['uploadPart']>>[] = []
  let next = 1
  const worker = async (): Promise<void> => {
    for (let partNumber = next++; partNumber <= count; partNumber = next++) {
      parts.push(await store.uploadPart(upload, partNumber, Uint8Array.of(partNumber % 256)))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  await store.completeMultipartUpload(upload, parts)
  return store.head(key)
}
