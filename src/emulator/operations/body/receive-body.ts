/** Receives the bytes of an object or a part, and compares them with the claims of the request. */
import { Buffer } from 'node:buffer'
import type { ContentAlgorithm, ContentChecksum } from '../../checksums/content-checksum.js'
import { paced } from '../../http/pace.js'
import { Refusal } from '../../refusal.js'
import type { ReceivedBody } from '../../storage/data-files.js'
import { BodyChecksums } from './body-checksums.js'
import type { OperationContext } from '../operation.js'
import { readTrafficLimit } from '../parameters.js'

/** What is known about a body before it is received. */
interface Expectations {
  /** Bytes. */
  readonly maxSize: number
  /** The checksum algorithm of its upload. */
  readonly algorithm?: ContentAlgorithm | undefined
}

interface ReceivedContent extends ReceivedBody {
  /** The checksum that is stored besides the CRC-64/XZ. */
  readonly checksum: ContentChecksum | undefined
}

/**
 * Receives the body and passes it to `store`. Removes the bytes unless `store` succeeds, so no failure leaves anything behind.
 */
export async function receiveBody<Result>(
  context: OperationContext,
  { maxSize, algorithm }: Expectations,
  store: (received: ReceivedContent) => Promise<Result>,
): Promise<Result> {
  const { call, coding, dialect, storage, guard } = context
  const digest = readDigest(context)
  const length = coding.contentLength ?? call.contentLength
  const isBounded = length !== undefined || (call.isChunked && dialect.takesBodiesOfUnknownSize)
  if (!isBounded) throw new Refusal('missing-length')
  if ((length ?? 0) > maxSize) throw tooLarge(maxSize)
  const checksums = new BodyChecksums(context, algorithm)
  const received = await storage.data.receive(checksums.observe(limitedBody(context, maxSize)), guard)
  try {
    if (digest !== undefined && digest !== received.md5) {
      throw new Refusal('digest-mismatch', {
        ClientComputedContentMD5: toBase64(digest),
        ServerComputedContentMD5: toBase64(received.md5),
      })
    }
    return await store({ ...received, checksum: checksums.verify() })
  } catch (error) {
    await storage.data.discard(received.files)
    throw error
  }
}

function limitedBody(context: OperationContext, maxSize: number): AsyncIterable<Uint8Array> {
  const bytesPerSecond = readTrafficLimit(context)
  const body = context.call.isChunked ? capped(context.body(), maxSize) : context.body()
  return bytesPerSecond === undefined ? body : paced(body, bytesPerSecond, context.signal)
}

async function* capped(body: AsyncIterable<Uint8Array>, maxSize: number): AsyncGenerator<Uint8Array, void, undefined> {
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > maxSize) throw tooLarge(maxSize)
    yield chunk
  }
}

/** Content-MD5 as lower-case hex. */
function readDigest({ call }: OperationContext): string | undefined {
  const header = call.header('content-md5')
  if (header === undefined) return undefined
  const bytes = Buffer.from(header, 'base64')
  if (bytes.length !== 16 || bytes.toString('base64') !== header) {
    throw new Refusal('digest-malformed', { 'Content-MD5': header })
  }
  return bytes.toString('hex')
}

function toBase64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64')
}

function tooLarge(maxSize: number): Refusal {
  return new Refusal('body-too-large', { MaxSizeAllowed: String(maxSize) })
}
