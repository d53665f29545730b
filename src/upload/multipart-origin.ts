/** Where a transfer's multipart upload comes from: an earlier run of the same upload, or the service, newly begun. */
import type { ObjectBody } from '../stores/object-body.js'
import type { ObjectOptions } from '../stores/object-options.js'
import type { CallContext, StoreDriver } from '../stores/store-driver.js'
import type { Checkpoint, Resumable } from './checkpoint/checkpoint.js'
import { isSamePart } from './checkpoint/part-proof.js'

/** An upload that begins as its end comes is waited for: only its id allows to abort it. */
const INITIATE_GRACE_MS = 5_000

export class MultipartOrigin {
  readonly #driver: StoreDriver
  readonly #key: string
  readonly #objectOptions: ObjectOptions
  readonly #checkpoint: Checkpoint | undefined
  readonly #context: () => CallContext
  readonly #cancelInitiate = new AbortController()
  #opening: Promise<Resumable | undefined> | undefined
  #unknownUploads = 0

  constructor(
    driver: StoreDriver,
    key: string,
    objectOptions: ObjectOptions,
    checkpoint: Checkpoint | undefined,
    context: () => CallContext,
  ) {
    this.#driver = driver
    this.#key = key
    this.#objectOptions = objectOptions
    this.#checkpoint = checkpoint
    this.#context = context
  }

  /** Uploads that the service may have begun without anybody knowing their ids. */
  get unknownUploads(): number {
    return this.#unknownUploads
  }

  /** What an earlier run left that goes on; looked for once. Throws UploadError. */
  open(): Promise<Resumable | undefined> {
    this.#opening ??= this.#checkpoint?.open(this.#context()) ?? Promise.resolve(undefined)
    return this.#opening
  }

  /** The same for an upload whose first part is this one: made of other bytes, the upload begins anew. */
  async resume(first: ObjectBody): Promise<Resumable | undefined> {
    const earlier = await this.open()
    const stored = earlier?.parts.get(1)
    if (stored === undefined || (await isSamePart(stored, first))) return earlier
    await this.#checkpoint?.restart('content-changed', 'the first part is made of other bytes', this.#context())
    return undefined
  }

  /** Begins an upload, and resolves with its id. Throws UploadError. */
  async initiate(): Promise<string> {
    const context = this.#context()
    return this.#driver.initiateMultipartUpload(this.#key, this.#objectOptions, {
      ...context,
      signal: this.#cancelInitiate.signal,
      retrySignal: context.signal,
      onOutcomeUnknown: () => {
        this.#unknownUploads += 1
      },
    })
  }

  /** Ends what is under way, waiting for the answer to an initiate for a while; resolves when `settled` has. */
  async end(error: Error, settled: () => Promise<unknown>): Promise<void> {
    const grace = setTimeout(() => this.#cancelInitiate.abort(error), INITIATE_GRACE_MS)
    await settled()
    await this.#opening?.catch(() => undefined)
    clearTimeout(grace)
  }
}
