/** Returns how to read a body, by its `x-amz-content-sha256`. */
import { createHash } from 'node:crypto'
import type { Credentials } from '../../../shared/credentials.js'
import { sigV4Key, UNSIGNED_PAYLOAD } from '../../../signing/sigv4.js'
import { plainBody, type BodyCoding } from '../../http/body-coding.js'
import type { Call } from '../../http/call.js'
import { decodeAwsChunked } from './aws-chunked.js'
import { failed } from './claim-checks.js'
import type { SigV4Claim } from './sigv4-claim.js'

const SIGNED_CHUNKS = ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER']
const UNSIGNED_CHUNKS = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'

export function payloadCoding(
  call: Call,
  claim: SigV4Claim,
  credentials: Pick<Credentials, 'accessKeySecret'>,
): BodyCoding {
  const { payloadHash, dateTime, scope, signature } = claim
  if (payloadHash === UNSIGNED_PAYLOAD) return plainBody
  if (/^[0-9a-f]{64}$/.test(payloadHash)) {
    return { ...plainBody, decode: (body) => hashed(body, payloadHash) }
  }
  const isSigned = SIGNED_CHUNKS.includes(payloadHash)
  if (!isSigned && payloadHash !== UNSIGNED_CHUNKS) {
    throw failed(
      'InvalidArgument',
      `x-amz-content-sha256 must be ${UNSIGNED_PAYLOAD}, ${UNSIGNED_CHUNKS}, ${SIGNED_CHUNKS.join(', ')} or a valid sha256 value.`,
      { ArgumentName: 'x-amz-content-sha256', ArgumentValue: payloadHash },
    )
  }
  const contentLength = decodedLength(call)
  const signing = isSigned ? { key: sigV4Key(scope, credentials), dateTime, scope, seed: signature } : undefined
  const trailers = new Map<string, string>()
  return {
    decode: (body) => decodeAwsChunked(body, { signing, contentLength, trailers }),
    trailers,
    ...(contentLength === undefined ? {} : { contentLength }),
  }
}

function decodedLength(call: Call): number | undefined {
  const text = call.header('x-amz-decoded-content-length')
  if (text === undefined) return undefined
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw failed('InvalidArgument', 'x-amz-decoded-content-length must be a number.')
}

async function* hashed(body: AsyncIterable<Uint8Array>, expected: string): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash('sha256')
  for await (const chunk of body) {
    hash.update(chunk)
    yield chunk
  }
  const computed = hash.digest('hex')
  if (computed === expected) return
  throw failed(
    'XAmzContentSHA256Mismatch',
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
    {
      ClientComputedContentSHA256: expected,
      S3ComputedContentSHA256: computed,
    },
  )
}
