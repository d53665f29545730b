import vectors from '../fixtures/vectors.json' with { type: 'json' }

interface SignatureVector {
  id: string
  scheme: string
  inputs: {
    method: string
    bucket?: string
    /** In place of bucket and key: the path, not encoded. */
    rawPath?: string
    payloadHash?: string
    key?: string
    query?: [string, string][]
    headers: Record<string, string>
    ak: string
    sk: string
    token?: string
    region?: string
    product?: string
    time?: number
    expires?: number
    expiresAt?: number
    additionalHeaders?: string[]
  }
  result: {
    stringToSign: string
    signature: string
    canonicalRequest?: string
    authorization?: string
    signedQuery?: string
  }
}

export const crc64Vectors = vectors.crc64

/** The signature vectors of one scheme; never an empty list. */
export function signatureVectors(scheme: string): SignatureVector[] {
  const found = (vectors.signatures as unknown as SignatureVector[]).filter((vector) => vector.scheme === scheme)
  if (found.length === 0) throw new Error(`no vectors of the scheme ${scheme}`)
  return found
}
