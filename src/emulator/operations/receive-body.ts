/** Takes in the bytes of an object or a part, checked against what the request says about them. */
import { Buffer } from 'node:buffer'
import { paced } from '../http/pace.js'
import { Refusal } from '../refusal.js'
import type { ReceivedBody } from '../storage/data-files.js'
import type { OperationContext } from './operation.js'
import { readTrafficLimit } from './parameters.js'

/**
 * Receives the body and hands it to `store`. The bytes are removed again unless `store` succeeds, so whatever goes
 * wrong leaves nothing behind.
 */
export async function receiveBody<Result>(
  context: OperationContext,
  maxSize: number,
  store: (received: ReceivedBody) => Promise<Result>,
): Promise<Result> {
  const { call, storage, guard } = context
  const digest = readDigest(context)
  if (call.contentLength === undefined && !call.isChunked) throw new Refusal('missing-length')
  if ((call.contentLength ?? 0) > maxSize) throw tooLarge(maxSize)
  const received = await storage.data.receive(limitedBody(context, maxSize), guard)
  try {
    if (digest !== undefined && digest !== received.md5) {
      throw new Refusal('digest-mismatch', {
        ClientComputedContentMD5: toBase64(digest),
        ServerComputedContentMD5: toBase64(received.md5),
      })
    }
    return await store(received)
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
