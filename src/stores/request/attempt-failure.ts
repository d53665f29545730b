/** Why an attempt at a request failed, and whether and how to retry it. */
import { type ChecksumAlgorithm, CHECKSUM_NAMES } from '../../shared/checksum-names.js'
import { HttpFailure } from '../../http/http-failure.js'
import type { HttpAnswer } from '../../http/http-message.js'
import { KiB } from '../../shared/byte-size.js'
import { UploadError, type UploadErrorCode } from '../../shared/errors.js'
import { oneLine } from '../../shared/text/one-line.js'
import { parseXml, type XmlElement } from '../../shared/text/xml.js'
import type { Dialect } from '../dialect.js'
import {
  adviceOn,
  type FailedCall,
  isFailedCallback,
  isFailedMatch,
  isLostRace,
  isNothingDone,
  THROTTLING,
} from './response-rules.js'

/** Its message may contain any text of the service. */
export class AttemptFailure extends Error {
  override readonly name = 'AttemptFailure'
  /** The code of the error if no attempt is left. */
  readonly code: UploadErrorCode
  readonly facts: FailureFacts

  constructor(code: UploadErrorCode, message: string, facts: FailureFacts, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.facts = facts
  }
}

/**
 * Failures for which waiting may help: `line`, the service cannot be reached or the connection broke; `service`, its own
 * failures and throttling; `credentials`, a failing credentials provider.
 */
export type Outage = 'line' | 'service' | 'credentials'

interface FailureFacts {
  /** The remedy: `again` = retry unchanged; `clock` and `credentials` = retry after correcting those. */
  remedy: 'none' | 'again' | 'clock' | 'credentials'
  /** The request may have taken effect. */
  outcomeUnknown: boolean
  throttled?: boolean
  /** Whether the upload may succeed if it is started over, although this request cannot. */
  isRetryable?: boolean
  /** Absent if waiting does not help. */
  outage?: Outage | undefined
  /** A wrong host name or protocol: most likely a mistake in the configuration. */
  isMisconfigured?: boolean
  /** Milliseconds that the service requested. */
  retryAfterMs?: number | undefined
  /** The service's time, from the Date header. */
  serverTime?: number | undefined
  status?: number
  serviceCode?: string
  requestId?: string | undefined
  ec?: string | undefined
}

/** Error codes with a status below 500 that are retried: the body was not received, or was damaged. */
const TRANSIENT = new Set([
  'BadDigest',
  'ConditionalRequestConflict',
  'IncompleteBody',
  'InvalidDigest',
  'OperationAborted',
  'RequestTimeout',
  'XAmzContentChecksumMismatch',
  'XAmzContentSHA256Mismatch',
])

/** Error codes that are retried with newer credentials. */
const CREDENTIALS = new Set([
  'AccessKeyIdAndSecurityTokenNotMatch',
  'ExpiredToken',
  'InvalidAccessKeyId',
  'InvalidSecurityToken',
  'InvalidToken',
  'SecurityTokenExpired',
  'TokenRefreshRequired',
])

/** Characters of an error document to parse. Services send a few kilobytes; parsing more could take seconds. */
const LONGEST_DOCUMENT = 64 * KiB
/** Characters of a text of the service to keep for a message, which is truncated further. */
const LONGEST_TEXT = 4 * KiB

/** Returns the failure of a response without success. */
export async function failureOfAnswer(answer: HttpAnswer, dialect: Dialect, call: FailedCall): Promise<AttemptFailure> {
  const { status, headers } = answer
  const { code: serviceCode, message, requestId, ec: documentEc, hint } = await readServiceError(answer, dialect)
  const throttled = status === 429 || (status >= 500 && THROTTLING.has(serviceCode))
  const final = finalOutcome(status, serviceCode, call, dialect)
  const isBelieved = final === 'refused' || (throttled && isNothingDone(serviceCode, call, dialect))
  const ec = identifier(documentEc, headers[`${dialect.headerPrefix}ec`])
  const facts = {
    remedy: final === undefined ? remedyFor(status, serviceCode, dialect) : ('none' as const),
    // A 2xx status with an error document is a failure that the service noticed late.
    outcomeUnknown: (status >= 500 && !isBelieved) || status < 300,
    throttled,
    isRetryable: final === 'lost-race',
    outage: final === undefined ? outageOf(status, serviceCode, throttled) : undefined,
    retryAfterMs: retryAfterMs(headers['retry-after']),
    serverTime: dateOf(headers['date']),
    status,
    serviceCode,
    requestId: identifier(requestId, headers[dialect.requestIdHeader]),
    ec,
  }
  const { code, note } =
    final === undefined
      ? { code: codeOf(status, serviceCode, throttled), note: adviceOn({ status, serviceCode, ec }, call, dialect) }
      : FINAL[final]
  const text = (message === '' ? '' : `: ${message}`) + note + (hint ?? '')
  return new AttemptFailure(
    refusedCondition(status, serviceCode, call, dialect) ?? code,
    `${status} ${serviceCode}${text}`,
    facts,
  )
}

/** Returns the code for a condition that is not met; undefined for any other refusal. */
function refusedCondition(
  status: number,
  serviceCode: string,
  call: FailedCall,
  dialect: Dialect,
): UploadErrorCode | undefined {
  if (isFailedMatch(status, serviceCode, call)) return 'PRECONDITION_FAILED'
  return dialect.existsCodes.includes(serviceCode) ? 'ALREADY_EXISTS' : undefined
}

/** Outcomes that are final for any status code. */
const FINAL = {
  'lost-race': {
    code: 'ALREADY_EXISTS',
    note: '; another request wrote or deleted the object meanwhile, so this upload cannot be completed: start over',
  },
  callback: { code: 'CALLBACK_FAILED', note: ' (the object is stored)' },
  refused: { code: 'REJECTED', note: '' },
} as const

function finalOutcome(
  status: number,
  serviceCode: string,
  call: FailedCall,
  dialect: Dialect,
): keyof typeof FINAL | undefined {
  if (isLostRace(serviceCode, call)) return 'lost-race'
  if (serviceCode === 'CallbackFailed' || isFailedCallback(status, call, dialect)) return 'callback'
  return status === 501 || serviceCode === 'NotImplemented' ? 'refused' : undefined
}

const CODE_OF_KIND: Record<HttpFailure['kind'], UploadErrorCode> = {
  network: 'NETWORK',
  certificate: 'NETWORK',
  timeout: 'TIMEOUT',
  answer: 'BAD_ANSWER',
  cancelled: 'ABORTED',
}

/** Converts an error of a request. Rethrows one that is not a failure of an attempt. */
export function failureOf(error: unknown): AttemptFailure {
  if (error instanceof AttemptFailure) return error
  if (error instanceof UploadError && error.code === 'CREDENTIALS_FAILED') {
    const facts = { remedy: 'again', outcomeUnknown: false, outage: 'credentials' } as const
    return new AttemptFailure(error.code, error.message, facts, error.cause)
  }
  if (!(error instanceof HttpFailure)) throw error
  const { kind, mayHaveArrived: outcomeUnknown, isMisconfigured } = error
  const isFinal = kind === 'cancelled' || kind === 'certificate'
  const outage = kind === 'network' || kind === 'timeout' ? 'line' : undefined
  const facts = { remedy: isFinal ? 'none' : 'again', outcomeUnknown, outage, isMisconfigured } as const
  return new AttemptFailure(CODE_OF_KIND[kind], error.message, facts, error)
}

/** Returns the failure of a response with status 2xx and invalid content. */
export function badAnswer(message: string, answer: HttpAnswer, dialect: Dialect): AttemptFailure {
  return new AttemptFailure('BAD_ANSWER', message, {
    remedy: 'again',
    outcomeUnknown: true,
    status: answer.status,
    requestId: identifier(answer.headers[dialect.requestIdHeader]),
  })
}

/** Returns the failure of a response that does not confirm the encryption with the customer key. */
export function ignoredKey(answer: HttpAnswer, isPublished: boolean, dialect: Dialect): AttemptFailure {
  const left = isPublished ? '; the object is stored without it' : ''
  const message = `the service ignored serverSideEncryption.customerKey: its response does not confirm the encryption${left}`
  return new AttemptFailure('REJECTED', message, {
    remedy: 'none',
    // The outcome is known: the object, if stored, is not the intended one.
    outcomeUnknown: false,
    status: answer.status,
    requestId: identifier(answer.headers[dialect.requestIdHeader]),
  })
}

/** Returns the failure of a response whose checksum differs from that of the bytes that were sent. */
export function damagedInTransit(
  algorithm: ChecksumAlgorithm,
  theirs: string,
  ours: string,
  outcomeUnknown: boolean,
  answer: HttpAnswer,
  dialect: Dialect,
): AttemptFailure {
  const message = `the store received other bytes than were sent: its ${CHECKSUM_NAMES[algorithm]} is ${theirs}, ours ${ours}`
  return new AttemptFailure('CHECKSUM_MISMATCH', message, {
    remedy: 'again',
    outcomeUnknown,
    status: answer.status,
    requestId: identifier(answer.headers[dialect.requestIdHeader]),
  })
}

/** Returns whether a document is an error. A success status may have one, if it was sent before a long operation failed. */
export function isErrorDocument(text: string): boolean {
  return /^\s*(?:<\?xml[^>]*>\s*)?<Error[\s>]/.test(text)
}

function remedyFor(status: number, serviceCode: string, dialect: Dialect): FailureFacts['remedy'] {
  if (serviceCode === 'RequestTimeTooSkewed') return 'clock'
  if (CREDENTIALS.has(serviceCode) || status === 401) return 'credentials'
  if (status >= 500 || status === 408 || status === 429 || TRANSIENT.has(serviceCode)) return 'again'
  if (dialect.transientCodes?.includes(serviceCode) === true) return 'again'
  // For an error document with a success status, the error code decides whether it is a failure of the service.
  if (status < 300 && (THROTTLING.has(serviceCode) || serviceCode === 'InternalError')) return 'again'
  return 'none'
}

function outageOf(status: number, serviceCode: string, throttled: boolean): Outage | undefined {
  // The service did not receive the body within its time limit.
  if (serviceCode === 'RequestTimeout' || status === 408) return 'line'
  return throttled || (status >= 500 && status !== 501) || (status < 300 && serviceCode === 'InternalError')
    ? 'service'
    : undefined
}

function codeOf(status: number, serviceCode: string, throttled: boolean): UploadErrorCode {
  if (throttled) return 'THROTTLED'
  if (serviceCode === 'NoSuchUpload') return 'NO_SUCH_UPLOAD'
  if (serviceCode === 'RequestTimeout') return 'TIMEOUT'
  if (status === 404) return 'NOT_FOUND'
  if (status === 401 || status === 403 || CREDENTIALS.has(serviceCode)) return 'ACCESS_DENIED'
  if (status >= 500 || status < 300) return 'SERVICE_FAILED'
  return 'REJECTED'
}

interface ServiceError {
  code: string
  message: string
  requestId?: string | undefined
  ec?: string | undefined
  /** Returns the correct endpoint or region, as a clause at the end of the message. */
  hint?: string
}

async function readServiceError(answer: HttpAnswer, dialect: Dialect): Promise<ServiceError> {
  const text = answer.text.trim() === '' ? dialect.errorInHeaders(answer.headers) : answer.text
  if (text === undefined) return { code: `HTTP${answer.status}`, message: '', hint: placeHint(answer, dialect) }
  const isDocument = text.length <= LONGEST_DOCUMENT
  try {
    const error = await parseXml(isDocument ? text : '')
    const code = error.text('Code')
    if (error.name === 'Error' && code !== undefined && code !== '') {
      return {
        code: oneLine(code, 100),
        message: error.text('Message')?.slice(0, LONGEST_TEXT) ?? '',
        requestId: error.text('RequestId'),
        ec: error.text('EC'),
        hint: placeHint(answer, dialect, error),
      }
    }
  } catch {
    // The response of a proxy or a load balancer, not of the service.
  }
  return { code: `HTTP${answer.status}`, message: text.slice(0, LONGEST_TEXT), hint: placeHint(answer, dialect) }
}

/**
 * Returns the endpoint or region in the response. Redirects are never followed: credentials would be sent to a host that the
 * caller did not choose, and every request would be redirected.
 */
function placeHint({ status, headers }: HttpAnswer, dialect: Dialect, error?: XmlElement): string {
  const isRedirect = status >= 300 && status < 400
  const location = headers['location'] ?? ''
  const host = isRedirect && URL.canParse(location) ? new URL(location).host : undefined
  const endpoint = error?.text('Endpoint') ?? host
  const region = error?.text('Region') ?? (isRedirect ? headers[`${dialect.headerPrefix}bucket-region`] : undefined)
  const places = [endpoint && `the endpoint ${oneLine(endpoint, 200)}`, region && `the region ${oneLine(region, 100)}`]
  const named = places.filter(Boolean).join(' and ')
  return named === '' ? '' : `; the service returned ${named}`
}

/** Returns the first value that is not undefined. */
function identifier(...texts: (string | undefined)[]): string | undefined {
  const found = texts.find((text) => text !== undefined && text !== '')
  return found === undefined ? undefined : oneLine(found, 100)
}

/** Parses seconds or a date (RFC 9110, 10.2.3); bounded, so that an invalid value cannot delay an upload for hours. */
function retryAfterMs(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 120_000) : undefined
}

function dateOf(value: string | undefined): number | undefined {
  const time = value === undefined ? Number.NaN : Date.parse(value)
  return Number.isNaN(time) ? undefined : time
}
