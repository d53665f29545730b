/** Why one attempt at a call failed, and what follows from it. */
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

/** Its message may hold any text that came from outside. */
export class AttemptFailure extends Error {
  override readonly name = 'AttemptFailure'
  /** What the error becomes when no attempt is left. */
  readonly code: UploadErrorCode
  readonly facts: FailureFacts

  constructor(code: UploadErrorCode, message: string, facts: FailureFacts, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.facts = facts
  }
}

/**
 * What time may heal: `line`, no way to the service or a broken one; `service`, its own failures and throttling;
 * `credentials`, a provider of credentials that fails.
 */
export type Outage = 'line' | 'service' | 'credentials'

interface FailureFacts {
  /** What may help: `again` = the same once more; `clock` and `credentials` = once more after mending those. */
  remedy: 'none' | 'again' | 'clock' | 'credentials'
  /** The request may have taken effect all the same. */
  outcomeUnknown: boolean
  throttled?: boolean
  /** Whether the upload may succeed when it is started over, although this request never will. */
  isRetryable?: boolean
  /** Absent if waiting does not help. */
  outage?: Outage | undefined
  /** A name or a protocol that is wrong, most likely by the configuration. */
  isMisconfigured?: boolean
  /** Asked for by the service. */
  retryAfterMs?: number | undefined
  /** The service's time, from the response's Date. */
  serverTime?: number | undefined
  status?: number
  serviceCode?: string
  requestId?: string | undefined
  ec?: string | undefined
}

/** Refusals below 500 that another attempt may overcome: the body did not arrive, or not as it was sent. */
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

/** Refusals that newer credentials may overcome. */
const CREDENTIALS = new Set([
  'AccessKeyIdAndSecurityTokenNotMatch',
  'ExpiredToken',
  'InvalidAccessKeyId',
  'InvalidSecurityToken',
  'InvalidToken',
  'SecurityTokenExpired',
  'TokenRefreshRequired',
])

/** An error document has some kilobytes. Parsing more takes seconds, for text that no service sends. */
const LONGEST_DOCUMENT = 64 * KiB
/** Characters of a foreign text that may end in a message, which shows fewer still. */
const LONGEST_TEXT = 4 * KiB

/** A response that is no success. */
export async function failureOfAnswer(answer: HttpAnswer, dialect: Dialect, call: FailedCall): Promise<AttemptFailure> {
  const { status, headers } = answer
  const { code: serviceCode, message, requestId, ec: toldEc, hint } = await readServiceError(answer, dialect)
  const throttled = status === 429 || (status >= 500 && THROTTLING.has(serviceCode))
  const final = finalOutcome(status, serviceCode, call, dialect)
  const isBelieved = final === 'refused' || (throttled && isNothingDone(serviceCode, call, dialect))
  const ec = identifier(toldEc, headers[`${dialect.headerPrefix}ec`])
  const facts = {
    remedy: final === undefined ? remedyFor(status, serviceCode, dialect) : ('none' as const),
    // A 2xx status with an error inside is a failure that the service noticed late.
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

/** The code for a condition that does not hold; undefined if the refusal is about something else. */
function refusedCondition(
  status: number,
  serviceCode: string,
  call: FailedCall,
  dialect: Dialect,
): UploadErrorCode | undefined {
  if (isFailedMatch(status, serviceCode, call)) return 'PRECONDITION_FAILED'
  return dialect.existsCodes.includes(serviceCode) ? 'ALREADY_EXISTS' : undefined
}

/** Outcomes that no other attempt changes, whatever the status code is. */
const FINAL = {
  'lost-race': {
    code: 'ALREADY_EXISTS',
    note: '; another request wrote or deleted the object meanwhile, so this upload cannot be completed: start it over',
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

/** Whatever was thrown on the way to a response. What is no failure of an attempt is thrown on. */
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

/** A response with status 2xx whose content is not that of a success. */
export function badAnswer(message: string, answer: HttpAnswer, dialect: Dialect): AttemptFailure {
  return new AttemptFailure('BAD_ANSWER', message, {
    remedy: 'again',
    outcomeUnknown: true,
    status: answer.status,
    requestId: identifier(answer.headers[dialect.requestIdHeader]),
  })
}

/** The response to a put or a part does not say that the bytes are encrypted with the key of the caller. */
export function ignoredKey(answer: HttpAnswer, isPublished: boolean, dialect: Dialect): AttemptFailure {
  const left = isPublished ? '; the object is stored without it' : ''
  const message = `the service ignored serverSideEncryption.customerKey: its response does not name the encryption${left}`
  return new AttemptFailure('REJECTED', message, {
    remedy: 'none',
    // It is known what became of the request: the object, if any, is not the one that was meant.
    outcomeUnknown: false,
    status: answer.status,
    requestId: identifier(answer.headers[dialect.requestIdHeader]),
  })
}

/** The store's checksum of what it received is not that of what was sent. */
export function damagedOnTheWay(
  algorithm: ChecksumAlgorithm,
  told: string,
  ours: string,
  outcomeUnknown: boolean,
  answer: HttpAnswer,
  dialect: Dialect,
): AttemptFailure {
  const message = `the store received other bytes than were sent: its ${CHECKSUM_NAMES[algorithm]} is ${told}, ours ${ours}`
  return new AttemptFailure('CHECKSUM_MISMATCH', message, {
    remedy: 'again',
    outcomeUnknown,
    status: answer.status,
    requestId: identifier(answer.headers[dialect.requestIdHeader]),
  })
}

/** Returns whether a document is an error. A success status may have one: the status was sent before a long operation failed. */
export function isErrorDocument(text: string): boolean {
  return /^\s*(?:<\?xml[^>]*>\s*)?<Error[\s>]/.test(text)
}

function remedyFor(status: number, serviceCode: string, dialect: Dialect): FailureFacts['remedy'] {
  if (serviceCode === 'RequestTimeTooSkewed') return 'clock'
  if (CREDENTIALS.has(serviceCode) || status === 401) return 'credentials'
  if (status >= 500 || status === 408 || status === 429 || TRANSIENT.has(serviceCode)) return 'again'
  if (dialect.transientCodes?.includes(serviceCode) === true) return 'again'
  // An error inside a success: the service says by its code whether it is the service's fault.
  if (status < 300 && (THROTTLING.has(serviceCode) || serviceCode === 'InternalError')) return 'again'
  return 'none'
}

function outageOf(status: number, serviceCode: string, throttled: boolean): Outage | undefined {
  // The body did not arrive within the service's own limit.
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
  /** The right endpoint or region, as a clause at the end of the message. */
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
    // Not a response of the service, but of a proxy or a load balancer.
  }
  return { code: `HTTP${answer.status}`, message: text.slice(0, LONGEST_TEXT), hint: placeHint(answer, dialect) }
}

/**
 * Which endpoint or region the service names instead. Redirects are never followed: credentials would go to a host that
 * the caller did not name, and the next request would take the detour again.
 */
function placeHint({ status, headers }: HttpAnswer, dialect: Dialect, error?: XmlElement): string {
  const isRedirect = status >= 300 && status < 400
  const location = headers['location'] ?? ''
  const host = isRedirect && URL.canParse(location) ? new URL(location).host : undefined
  const endpoint = error?.text('Endpoint') ?? host
  const region = error?.text('Region') ?? (isRedirect ? headers[`${dialect.headerPrefix}bucket-region`] : undefined)
  const places = [endpoint && `the endpoint ${oneLine(endpoint, 200)}`, region && `the region ${oneLine(region, 100)}`]
  const named = places.filter(Boolean).join(' and ')
  return named === '' ? '' : `; the service names ${named}`
}

/** The first that is there. */
function identifier(...texts: (string | undefined)[]): string | undefined {
  const found = texts.find((text) => text !== undefined && text !== '')
  return found === undefined ? undefined : oneLine(found, 100)
}

/** Seconds or a date (RFC 9110, 10.2.3); bounded, so that a strange value does not stop an upload for hours. */
function retryAfterMs(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 120_000) : undefined
}

function dateOf(value: string | undefined): number | undefined {
  const time = value === undefined ? Number.NaN : Date.parse(value)
  return Number.isNaN(time) ? undefined : time
}
