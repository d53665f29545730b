/** What both floors do with undici: the requests of a multipart upload, and no more of them in flight than allowed. */
import { Buffer } from 'node:buffer'
import type { Readable } from 'node:stream'
import { Agent } from 'undici'
import { BUCKET, type Target } from '../contender.js'

export class UndiciParts {
  readonly #agent = new Agent()
  readonly #endpoint: string
  readonly #inFlight = new Set<Promise<void>>()
  readonly #concurrency: number

  constructor({ endpoint, concurrency }: Target) {
    this.#endpoint = endpoint
    this.#concurrency = concurrency
  }

  async initiate(key: string): Promise<string> {
    const { text } = await this.request('POST', `/${BUCKET}/${key}?uploads`)
    return /<UploadId>(.*)<\/UploadId>/.exec(text)?.[1] ?? ''
  }

  /** Resolves when the part is in flight; `onSent` is called when the buffer is free again. */
  async start(key: string, uploadId: string, part: Part, etags: string[], onSent?: () => void): Promise<void> {
    while (this.#inFlight.size >= this.#concurrency) await Promise.race(this.#inFlight)
    const path = `/${BUCKET}/${key}?partNumber=${part.number}&uploadId=${uploadId}`
    const sent = this.request('PUT', path, part.body).then(({ etag }) => {
      etags[part.number - 1] = etag
      this.#inFlight.delete(sent)
      onSent?.()
    })
    this.#inFlight.add(sent)
  }

  async complete(key: string, uploadId: string, etags: readonly string[]): Promise<void> {
    await Promise.all(this.#inFlight)
    const parts = etags.map((etag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${etag}</ETag></Part>`)
    const document = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`
    await this.request('POST', `/${BUCKET}/${key}?uploadId=${uploadId}`, Buffer.from(document))
  }

  async request(method: 'POST' | 'PUT', path: string, body?: Buffer): Promise<{ etag: string; text: string }> {
    const answer = await this.#agent.request({ origin: this.#endpoint, path, method, body: body ?? null })
    const text = await answer.body.text()
    if (answer.statusCode !== 200) throw new Error(`${method} ${path}: status ${answer.statusCode}`)
    return { etag: String(answer.headers['etag']), text }
  }

  async close(): Promise<void> {
    await this.#agent.close()
  }
}

export interface Part {
  number: number
  body: Buffer
}

/** The chunks of a stream, as Buffers. */
export function chunksOf(source: Readable): AsyncIterable<Buffer> {
  return source
}
