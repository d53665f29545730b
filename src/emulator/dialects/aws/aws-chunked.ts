/**
 * Decodes the content coding `aws-chunked`: each chunk has its size and, if the payload is signed, a signature chained
 * to the previous one. Trailers may follow the last chunk (S3 API reference, "Signature calculations for the
 * authorization header: transferring payload in multiple chunks").
 */
import { createHash, createHmac, type Hash } from 'node:crypto'
import { isSameSecret } from '../../authority.js'
import { ByteReader } from './byte-reader.js'
import { denied, failed } from './claim-checks.js'

/** What is signed besides the chunk. */
interface ChunkSigning {
  readonly key: Uint8Array
  /** `yyyymmddThhmmssZ`. */
  readonly dateTime: string
  readonly scope: string
  /** The signature of the request's headers. */
  readonly seed: string
}

export interface AwsChunked {
  /** Undefined if the chunks carry no signatures. */
  readonly signing: ChunkSigning | undefined
  /** Length of the content in bytes, from the request's headers. */
  readonly contentLength: number | undefined
  /** Called with the trailers. */
  readonly trailers: Map<string, string>
}

/** Yields the content. Throws if the signature of a chunk does not match, or the body is incomplete. */
export async function* decodeAwsChunked(
  body: AsyncIterable<Uint8Array>,
  { signing, contentLength, trailers }: AwsChunked,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = new ByteReader(body)
  const chain = signing === undefined ? undefined : new SignatureChain(signing)
  let total = 0
  for (;;) {
    const { size, signature } = parseHead(await reader.line())
    let left = size
    while (left > 0) {
      const slice = await reader.upTo(left)
      if (slice === undefined) throw incomplete()
      left -= slice.length
      chain?.update(slice)
      yield slice
    }
    chain?.endChunk(signature)
    total += size
    if (size === 0) break
    if ((await reader.line()) !== '') throw incomplete()
  }
  await readTrailers(reader, chain, trailers)
  if (contentLength !== undefined && total !== contentLength) throw incomplete()
}

function parseHead(line: string | undefined): { size: number; signature: string } {
  const match = /^([0-9a-f]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/i.exec(line ?? '')
  if (match === null) throw incomplete()
  return { size: Number.parseInt(match[1] ?? '', 16), signature: match[2] ?? '' }
}

async function readTrailers(
  reader: ByteReader,
  chain: SignatureChain | undefined,
  trailers: Map<string, string>,
): Promise<void> {
  let signed = ''
  let isProven = chain === undefined
  for (let line = await reader.line(); line !== undefined && line !== ''; line = await reader.line()) {
    const colon = line.indexOf(':')
    const [name, value] = [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]
    if (name === 'x-amz-trailer-signature') {
      chain?.endTrailers(signed, value)
      isProven = true
    } else {
      signed += `${name}:${value}\n`
      trailers.set(name, value)
    }
  }
  if (signed !== '' && !isProven) throw denied('SignatureDoesNotMatch', 'The trailers are not signed.')
}

class SignatureChain {
  readonly #signing: ChunkSigning
  #previous: string
  #hash: Hash = createHash('sha256')

  constructor(signing: ChunkSigning) {
    this.#signing = signing
    this.#previous = signing.seed
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes)
  }

  endChunk(signature: string): void {
    this.#check('AWS4-HMAC-SHA256-PAYLOAD', `${sha256('')}\n${this.#hash.digest('hex')}`, signature)
    this.#hash = createHash('sha256')
  }

  endTrailers(text: string, signature: string): void {
    this.#check('AWS4-HMAC-SHA256-TRAILER', sha256(text), signature)
  }

  #check(kind: string, hashes: string, signature: string): void {
    const { key, dateTime, scope } = this.#signing
    const text = [kind, dateTime, scope, this.#previous, hashes].join('\n')
    const expected = createHmac('sha256', key).update(text).digest('hex')
    if (!isSameSecret(expected, signature)) {
      throw denied('SignatureDoesNotMatch', 'The signature of a chunk does not match.', { StringToSign: text })
    }
    this.#previous = expected
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function incomplete() {
  return failed('IncompleteBody', 'The request body terminated unexpectedly')
}
