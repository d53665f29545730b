import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ObjectStore, UploadAddress, UploadOptions, UploadResult } from '../../src/index.js'
import { readAll } from '../support/bytes.js'
import type { ContractBucket } from './contract-bucket.js'

/** What all parts of the suite work with. Keys are given without the prefix that is the suite's own. */
export class ContractSuite {
  readonly #prefix = `contract-${randomBytes(6).toString('hex')}/`
  #bucket: ContractBucket | undefined
  #store: ObjectStore | undefined

  open(bucket: ContractBucket): void {
    this.#bucket = bucket
    this.#store = bucket.open()
  }

  async close(): Promise<void> {
    if (this.#bucket === undefined) return
    for await (const upload of this.store.listMultipartUploads({ prefix: this.#prefix })) {
      await this.store.abortMultipartUpload(upload)
    }
    await this.store.close()
    await this.#bucket.close()
  }

  get bucket(): ContractBucket {
    if (this.#bucket === undefined) throw new Error('the bucket is not open')
    return this.#bucket
  }

  get store(): ObjectStore {
    if (this.#store === undefined) throw new Error('the bucket is not open')
    return this.#store
  }

  /** Bytes. */
  get partSize(): number {
    return this.bucket.minPartSize
  }

  /** As the store knows it. */
  key(key: string): string {
    return this.#prefix + key
  }

  async upload(key: string, bytes: Uint8Array, options: UploadOptions = {}): Promise<UploadResult> {
    const stream = this.store.createUploadStream(this.key(key), { partSize: this.partSize, ...options })
    await pipeline(Readable.from([bytes]), stream)
    return stream.done
  }

  async contentOf(key: string): Promise<Buffer> {
    return readAll((await this.store.get(this.key(key))).body)
  }

  async initiate(key: string): Promise<UploadAddress> {
    return { key: this.key(key), uploadId: await this.store.initiateMultipartUpload(this.key(key)) }
  }

  /** The keys of unfinished uploads that begin so. */
  async unfinished(start: string, pageSize?: number): Promise<string[]> {
    const keys: string[] = []
    for await (const { key } of this.store.listMultipartUploads({ prefix: this.key(start), pageSize })) {
      keys.push(key.slice(this.#prefix.length))
    }
    return keys
  }
}
