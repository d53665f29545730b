import { copyError } from '../shared/copied-error.js'

/**
 * A request without a usable response.
 *
 * - `network`: no connection, or a broken one. `timeout`: one of the three time limits passed. `certificate`: the
 *   certificate of the server is not valid. `answer`: the response is not HTTP. `cancelled`: by the caller's signal.
 */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure'
  readonly kind: 'network' | 'timeout' | 'certificate' | 'answer' | 'cancelled'
  /** False if the request certainly did not reach the server. */
  readonly mayHaveArrived: boolean

  /** Whether a wrong name or protocol is more likely than an outage of the service. */
  readonly isMisconfigured: boolean

  constructor(kind: HttpFailure['kind'], message: string, mayHaveArrived: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.kind = kind
    this.mayHaveArrived = mayHaveArrived
    this.isMisconfigured = !mayHaveArrived && MISCONFIGURED.has(codeOf(rootCause(cause)))
  }

  /** Returns the same failure with `clean` applied to every text in it. */
  cleaned(clean: (text: string) => string): HttpFailure {
    const cause = this.cause === undefined ? undefined : copyError(this.cause, clean)
    return new HttpFailure(this.kind, clean(this.message), this.mayHaveArrived, cause)
  }
}

/** The name does not exist; or the server does not use TLS, or no common version of it. */
const MISCONFIGURED = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_UNSUPPORTED_PROTOCOL',
  'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
  'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
])

/** The connection was never established, so nothing was sent. */
const NOT_CONNECTED = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'UND_ERR_CONNECT_TIMEOUT',
  ...MISCONFIGURED,
])

const TIMEOUTS = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT'])

/** Error codes of OpenSSL for certificates, as node:tls reports them. */
const CERTIFICATE = /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(GET|VERIFY|DECRYPT)|HOSTNAME_MISMATCH)/

/** The HTTP client has no error code for this. */
const PROXY_REFUSAL = /^Proxy response \((\d+)\)/

/** Returns the failure of a request whose signal was aborted with this reason. */
export function cancelled(reason: unknown, mayHaveArrived: boolean): HttpFailure {
  return new HttpFailure('cancelled', 'the request was cancelled', mayHaveArrived, reason)
}

/** Converts an error of the HTTP client to an HttpFailure. */
export function toHttpFailure(error: unknown): HttpFailure {
  if (error instanceof HttpFailure) return error
  const root = rootCause(error)
  const code = codeOf(root) || codeOf(error)
  const what = describe(root, code)
  // The error of the HTTP client may contain received bytes, and so the credentials: a debugging proxy echoes headers.
  const cause = copyError(error)
  if (CERTIFICATE.test(code)) {
    return new HttpFailure('certificate', `the server's certificate is not accepted (${what})`, false, cause)
  }
  const refused = PROXY_REFUSAL.exec(what)?.[1]
  if (refused !== undefined) {
    return new HttpFailure('network', `the proxy refused to connect, with status ${refused}`, false, cause)
  }
  const mayHaveArrived = !NOT_CONNECTED.has(code)
  if (TIMEOUTS.has(code)) return new HttpFailure('timeout', what, mayHaveArrived, cause)
  if (isParserError(error) || code.startsWith('HPE_') || code === 'UND_ERR_HEADERS_OVERFLOW') {
    return new HttpFailure('answer', `the response is not HTTP (${what})`, true, cause)
  }
  // The HTTP client closes the connection (undici, lib/dispatcher/client-h1.js).
  const isUnasked = code === 'UND_ERR_SOCKET' && what.startsWith('bad response')
  const text = isUnasked
    ? `the server sent 100 Continue without being asked, which the HTTP client does not accept (${what})`
    : what
  return new HttpFailure('network', text, mayHaveArrived, cause)
}

/** Returns the first error, if connecting failed for several addresses at once. */
function rootCause(error: unknown): unknown {
  if (error instanceof AggregateError && error.errors.length > 0) return rootCause(error.errors[0])
  return error
}

/** The HTTP client gives this error no code. */
function isParserError(error: unknown): boolean {
  return error instanceof Error && error.name === 'HTTPParserError'
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return ''
  return typeof error.code === 'string' ? error.code : ''
}

function describe(error: unknown, code: string): string {
  const message = error instanceof Error ? error.message : String(error)
  return code === '' || message.includes(code) ? message : `${message} (${code})`
}
