/** Reads the signature of a request to OBS: its own, or version 2 of AWS, in the Authorization header or in the URL. */
import { obsSignature, obsStringToSign } from '../../../signing/obs.js'
import type { SignableRequest } from '../../../signing/signable-request.js'
import type { SignedRequest } from '../dialect.js'
import { checkExpiry, checkSkew, failed } from '../aws/claim-checks.js'
import { signable, type Claim } from '../claim.js'

/** The parts of a scheme that differ between the two modes. */
export const OBS_SCHEMES = {
  obs: { word: 'OBS ', prefix: 'x-obs-', keyParameter: 'AccessKeyId' },
  aws: { word: 'AWS ', prefix: 'x-amz-', keyParameter: 'AWSAccessKeyId' },
} as const

/** `aws`: version 2 of AWS. */
export type ObsMode = keyof typeof OBS_SCHEMES

export function obsHeaderClaim(request: SignedRequest, mode: ObsMode, authorization: string): Claim {
  const { word, prefix } = OBS_SCHEMES[mode]
  const { call } = request
  const colon = authorization.lastIndexOf(':')
  const date = new Date(call.header(`${prefix}date`) ?? call.header('date') ?? Number.NaN)
  return {
    ...claimOf(request, mode, signable(request)),
    accessKeyId: authorization.slice(word.length, colon).trim(),
    signature: authorization.slice(colon + 1).trim(),
    securityToken: call.header(`${prefix}security-token`),
    checkTime: () => checkSkew(date, request),
  }
}

export function obsQueryClaim(request: SignedRequest, mode: ObsMode): Claim {
  const { prefix, keyParameter } = OBS_SCHEMES[mode]
  const { call } = request
  const expires = call.parameter('Expires') ?? ''
  if (!/^\d+$/.test(expires)) throw failed('InvalidArgument', 'Expires must be a Unix time in seconds.')
  const own = [keyParameter, 'Expires', 'Signature']
  const query = call.query.filter(([name]) => !own.includes(name))
  return {
    ...claimOf(request, mode, { ...signable(request), query }, expires),
    accessKeyId: call.parameter(keyParameter) ?? '',
    signature: call.parameter('Signature') ?? '',
    securityToken: call.parameter(`${prefix}security-token`),
    checkTime: () => checkExpiry(new Date(Number(expires) * 1000), request),
  }
}

/** For a custom domain, the resource contains the domain instead of the bucket. */
function claimOf(
  { call, address }: SignedRequest,
  mode: ObsMode,
  request: SignableRequest,
  expires?: string,
): Pick<Claim, 'stringToSign' | 'sign'> {
  const domain = address.style === 'custom' ? call.host : undefined
  const usual = obsStringToSign(request, { mode, domain }, expires)
  const isBare = address.style === 'path' && address.key === undefined && !call.rawPath.endsWith('/')
  const stringToSign = isBare ? withBareBucket(usual) : usual
  return { stringToSign, sign: (credentials) => obsSignature(stringToSign, credentials) }
}

/** The resource is as sent: for `/{bucket}` without a trailing slash it has none either. */
function withBareBucket(stringToSign: string): string {
  return stringToSign.replace(/\n(\/[^/\n]*)\/((?:\?.*)?)$/, '\n$1$2')
}
