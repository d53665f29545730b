/** Builds the address of a bucket: the rules that all services share. */
import { isIP } from 'node:net'
import { checkOneOf, invalidOption } from '../shared/check-option.js'
import { UploadError } from '../shared/errors.js'
import { percentEncodeKey } from '../signing/percent-encoding.js'

const ADDRESSINGS = ['virtual', 'path', 'cname'] as const

/**
 * `virtual`: the bucket is part of the host name; `path`: of the path; `cname`: the endpoint is a domain of your own,
 * bound to the bucket.
 */
export type Addressing = (typeof ADDRESSINGS)[number]

export interface BucketAddress {
  /** Scheme, host and port. */
  origin: string
  /** The path of an object, or of the bucket itself, percent-encoded. */
  pathOf(key: string | undefined): string
}

/**
 * `usual` is the addressing if `addressing` is undefined; `isNamed`: whether the endpoint was an option. Throws UploadError
 * if they cannot be combined.
 */
export function chooseAddressing(
  addressing: Addressing | undefined,
  { usual, endpoint, isNamed }: { usual: Addressing; endpoint: URL; isNamed: boolean },
): Addressing {
  const chosen = checkOneOf('addressing', addressing ?? usual, ADDRESSINGS)
  if (chosen === 'virtual' && isNumeric(endpoint)) {
    throw invalidOption('addressing', chosen, "must be 'path' for an endpoint that is an IP address")
  }
  if (chosen === 'cname' && !isNamed) {
    throw invalidOption('addressing', chosen, 'must be used with an endpoint: the domain that is bound to the bucket')
  }
  return chosen
}

export function addressBucket(endpoint: URL, bucket: string, addressing: Addressing): BucketAddress {
  const host = addressing === 'virtual' ? `${bucket}.${endpoint.host}` : endpoint.host
  const base = endpoint.pathname.replace(/\/$/, '')
  const prefix = addressing === 'path' ? `${base}/${bucket}/` : `${base}/`
  return {
    origin: `${endpoint.protocol}//${host}`,
    pathOf: (key) => prefix + percentEncodeKey(key ?? ''),
  }
}

/**
 * Parses a host, or a URL of scheme, host and port. HTTPS unless it starts with `http://`. `example` is a host of the
 * service. A path is accepted only with `allowsPath`. Throws UploadError.
 */
export function parseEndpoint(endpoint: string, example: string, allowsPath = false): URL {
  const path = allowsPath ? '' : ', without a path'
  const accepted = `must be a host such as ${example}, or a URL such as 'http://127.0.0.1:9000'${path}`
  if (endpoint.includes('@')) {
    throw new UploadError('INVALID_OPTION', `endpoint contains a user name or password; it ${accepted}`)
  }
  let url: URL
  try {
    url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(endpoint) ? endpoint : `https://${endpoint}`)
  } catch {
    throw invalidOption('endpoint', endpoint, accepted)
  }
  const hasPath = url.pathname !== '/' && !allowsPath
  if (!/^https?:$/.test(url.protocol) || hasPath || url.search !== '' || url.hash !== '') {
    throw invalidOption('endpoint', endpoint, accepted)
  }
  return url
}

/** Returns whether it is an IP address or localhost, which cannot have a bucket name as a subdomain. */
export function isBareHost(endpoint: URL): boolean {
  return endpoint.hostname === 'localhost' || isNumeric(endpoint)
}

function isNumeric({ hostname }: URL): boolean {
  return isIP(hostname.replace(/^\[|\]$/g, '')) !== 0
}

/** Returns whether nobody on the network can read what is sent: HTTPS, or this machine. */
export function isConfidential(endpoint: URL): boolean {
  return endpoint.protocol === 'https:' || isLoopback(endpoint)
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname)
}
