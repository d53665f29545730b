import { setImmediate as nextTurn } from 'node:timers/promises'
import { combineCrc64 } from '../../src/checksum/combine.js'
import type { ObjectBody } from '../../src/stores/object/object-body.js'
import type { ObjectOptions } from '../../src/stores/object/object-options.js'
import type {
  CallContext,
  CompletedPart,
  PartReceipt,
  PartUpload,
  StoredObject,
  UploadAddress,
} from '../../src/stores/store-driver.js'
import { MemoryDriver } from './memory-driver.js'

/** What is left of bytes that were counted and thrown away. */
export interface Counted {
  size: number
  crc64: bigint
}

/** A store that keeps sizes and checksums only, for more bytes than there is memory. It completes what it was sent. */
export class CountingDriver extends MemoryDriver {
  readonly counted = new Map<string, Counted>()
  readonly parts = new Map<string, Map<number, Counted>>()
  /** Looks at the bytes while they are there. */
  onBody: (key: string, body: ObjectBody) => void = () => undefined

  override async putObject(key: string, body: ObjectBody): Promise<StoredObject> {
    await nextTurn()
    this.onBody(key, body)
    return this.#store(key, { size: body.size, crc64: body.crc64 })
  }

  override async initiateMultipartUpload(...values: [string, ObjectOptions, CallContext]): Promise<string> {
    const uploadId = await super.initiateMultipartUpload(...values)
    this.parts.set(uploadId, new Map())
    return uploadId
  }

  override async uploadPart({ key, uploadId, partNumber, body }: PartUpload): Promise<PartReceipt> {
    await nextTurn()
    this.onBody(key, body)
    this.parts.get(uploadId)?.set(partNumber, { size: body.size, crc64: body.crc64 })
    return { etag: `"${partNumber}"` }
  }

  override async completeMultipartUpload(
    { key, uploadId }: UploadAddress,
    parts: readonly CompletedPart[],
  ): Promise<StoredObject> {
    await nextTurn()
    const sent = this.parts.get(uploadId)
    const whole = { size: 0, crc64: 0n }
    for (const { partNumber } of parts) {
      const part = sent?.get(partNumber)
      if (part === undefined) throw new Error(`part ${partNumber} was not sent`)
      whole.crc64 = combineCrc64(whole.crc64, part.crc64, part.size)
      whole.size += part.size
    }
    return this.#store(key, whole)
  }

  #store(key: string, object: Counted): StoredObject {
    this.counted.set(key, object)
    return { etag: '"E"', requestId: 'R', crc64: String(object.crc64) }
  }
}
