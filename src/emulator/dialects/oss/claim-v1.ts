/** Signature version 1, in the Authorization header or in the URL. */
import { ossV1Signature, ossV1StringToSign } from '../../../signing/oss-v1.js'
import type { SignableRequest } from '../../../signing/signable-request.js'
import { signable, type Claim } from '../claim.js'
import type { SignedRequest } from '../dialect.js'
import { checkExpiry, checkSkew, denied, invalid, NO_DATE } from './claim-checks.js'

/** Parameters of a signed URL that are not signed themselves. */
const OWN_PARAMETERS = ['OSSAccessKeyId', 'Expires', 'Signature']

export function headerClaimV1(request: SignedRequest, authorization: string): Claim {
  const { call } = request
  const colon = authorization.lastIndexOf(':')
  const date = new Date(call.header('x-oss-date') ?? call.header('date') ?? Number.NaN)
  if (Number.isNaN(date.getTime())) throw denied(NO_DATE)
  return {
    ...claimV1(signable(request)),
    accessKeyId: authorization.slice('OSS '.length, colon).trim(),
    signature: authorization.slice(colon + 1).trim(),
    securityToken: call.header('x-oss-security-token'),
    checkTime: () => checkSkew(date, request),
  }
}

export function queryClaimV1(request: SignedRequest): Claim {
  const { call } = request
  const expires = call.parameter('Expires') ?? ''
  if (!/^\d+$/.test(expires)) throw invalid('Expires must be a Unix time in seconds.', '0002-00000070')
  const query = call.query.filter(([name]) => !OWN_PARAMETERS.includes(name))
  return {
    ...claimV1({ ...signable(request), query }, expires),
    accessKeyId: call.parameter('OSSAccessKeyId') ?? '',
    signature: call.parameter('Signature') ?? '',
    securityToken: call.parameter('security-token') ?? call.header('x-oss-security-token'),
    checkTime: () => checkExpiry(new Date(Number(expires) * 1000), request),
  }
}

function claimV1(request: SignableRequest, expires?: string): Pick<Claim, 'stringToSign' | 'sign'> {
  const stringToSign = ossV1StringToSign(request, expires)
  return { stringToSign, sign: (credentials) => ossV1Signature(stringToSign, credentials) }
}
