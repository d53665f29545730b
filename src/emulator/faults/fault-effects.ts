/**
 * Applies an action to a request, phase by phase: to the clock, before the operation, to the body, to the disk, between
 * the operation and the response, and to the sending of the response. An action has an effect only in its own phases.
 */
import { Buffer } from 'node:buffer'
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Dialect } from '../dialects/dialect.js'
import { type StreamedBody, withHeaders, type Answer } from '../http/answer.js'
import type { Delivery } from '../http/answer-writer.js'
import type { Call } from '../http/call.js'
import { ClientGone, hangUp, resetConnection } from '../http/connection.js'
import { paced, pause } from '../http/pace.js'
import { ServiceError } from '../refusal.js'
import { unguarded, type WriteGuard } from '../storage/write-guard.js'
import type { FaultAction, PaddedAnswerFault, ResetFault, StallFault } from './fault.js'
import type { Stalls } from './stalls.js'

/** The affected request. */
export interface FaultTarget {
  readonly call: Call
  readonly dialect: Dialect
  readonly requestId: string
  readonly response: ServerResponse
  readonly signal: AbortSignal
  readonly stalls: Stalls
}

export function clockOffset(action: FaultAction | undefined): number {
  return action?.type === 'clock' ? action.offsetMs : 0
}

/** Called when the headers are received. A returned response replaces the operation. */
export async function beforeWork(action: FaultAction | undefined, target: FaultTarget): Promise<Answer | undefined> {
  const { call, response, signal, stalls } = target
  switch (action?.type) {
    case 'error':
    case 'answer':
    case 'empty':
      return commits(action) ? undefined : substitute(action, target)
    case 'reset':
      return isDue(action, call) ? leave(() => resetConnection(response)) : undefined
    case 'stall':
      return isDue(action, call) ? stalls.hold(signal) : undefined
    case 'delay':
      if (action.at !== 'committed') await pause(action.ms, signal)
      return undefined
    case 'redirect':
      return { status: action.status ?? 307, headers: { Location: action.location } }
    case 'endless':
      return endlessAnswer(action.status ?? 200)
    case 'continue-then-close':
      response.writeContinue()
      return leave(() => hangUp(response))
    case 'garbage':
      return leave(() => response.req.socket.end(action.bytes ?? '\0\x01\x02 this is not HTTP\r\n\r\n'))
    default:
      return undefined
  }
}

/** Returns the body of the request as the operation receives it. */
export function applyToBody(
  action: FaultAction | undefined,
  body: AsyncIterable<Uint8Array>,
  { response, signal, stalls }: FaultTarget,
): AsyncIterable<Uint8Array> {
  if (action?.type === 'slow' && action.direction === 'in') return paced(body, action.bytesPerSecond, signal)
  if (action?.type === 'reset' && action.at === 'body') {
    return interrupted(body, action.afterBytes ?? 0, () => leave(() => resetConnection(response)))
  }
  if (action?.type === 'stall' && action.at === 'body') {
    return interrupted(body, action.afterBytes ?? 0, () => stalls.hold(signal))
  }
  if (action?.type === 'stall' && action.at === 'uncommitted') {
    return interrupted(body, Infinity, () => stalls.hold(signal))
  }
  return body
}

export function diskOf(action: FaultAction | undefined): WriteGuard {
  if (action?.type !== 'disk-full') return unguarded
  return {
    beforeWrite() {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
    },
  }
}

/** Called between the operation and the response. */
export async function afterWork(action: FaultAction | undefined, answer: Answer, target: FaultTarget): Promise<Answer> {
  const { response, signal, stalls } = target
  switch (action?.type) {
    case 'error':
    case 'answer':
    case 'empty':
      return commits(action) ? substitute(action, target) : answer
    case 'reset':
      return action.at === 'committed' ? leave(() => resetConnection(response)) : answer
    case 'stall':
      return action.at === 'committed' ? stalls.hold(signal) : answer
    case 'delay':
      if (action.at === 'committed') await pause(action.ms, signal)
      return answer
    case 'wrong-checksum':
      return withWrongChecksum(answer, action.crc64)
    case 'padded':
      return typeof answer.body === 'string' ? { ...answer, body: padded(answer.body, action) } : answer
    case 'status':
      return { ...answer, status: action.status }
    case 'wrong-etag':
      return withHeaders(answer, { ETag: action.etag ?? '"00000000000000000000000000000000"' })
    default:
      return answer
  }
}

/** Sends white space, which keeps the connection open, and then the response. */
function padded(body: string, { spaces = 100, gapMs = 0, times = 1 }: PaddedAnswerFault): StreamedBody {
  const padding = Buffer.from(' '.repeat(spaces))
  const rest = Buffer.from(body)
  async function* chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    for (let sent = 0; sent < times; sent += 1) {
      yield padding
      if (gapMs > 0) await sleep(gapMs)
    }
    yield rest
  }
  return { size: padding.length * times + rest.length, chunks: chunks() }
}

/** Returns how the response is sent. */
export function deliveryOf(
  action: FaultAction | undefined,
  { response, signal, stalls }: Pick<FaultTarget, 'response' | 'signal' | 'stalls'>,
): Delivery {
  switch (action?.type) {
    case 'slow':
      return action.direction === 'out' ? { bytesPerSecond: action.bytesPerSecond } : {}
    case 'reset':
      return action.at === 'answer' ? cut(action, () => leave(() => resetConnection(response))) : {}
    case 'stall':
      return action.at === 'answer' ? cut(action, () => stalls.hold(signal)) : {}
    case 'truncate':
      return cut(action, () => leave(() => hangUp(response)))
    case 'clock':
      return { omitsDate: action.sendsDate === false }
    case 'close':
      return { closesSilently: action.when === 'answered' }
    default:
      return {}
  }
}

function cut({ afterBytes }: { afterBytes?: number }, interrupt: () => Promise<never>): Delivery {
  return { interruption: { afterBytes, interrupt } }
}

/** Returns whether the fault applies before the body is read, which includes `body` for a request without one. */
function isDue({ at }: ResetFault | StallFault, call: Call): boolean {
  const hasBody = call.isChunked || (call.contentLength ?? 0) > 0
  return at === 'request' || (!hasBody && (at === 'body' || at === 'uncommitted'))
}

type Substitution = Extract<FaultAction, { type: 'error' | 'answer' | 'empty' }>

function commits(action: Substitution): boolean {
  return action.commit ?? action.type === 'empty'
}

function substitute(action: Substitution, { dialect, call, requestId }: FaultTarget): Answer {
  if (action.type === 'empty') return { status: 200, headers: {} }
  if (action.type === 'answer') return { status: action.status, headers: action.headers ?? {}, body: action.body ?? '' }
  const { status, code, message = 'A fault was injected.', ec } = action
  const error = new ServiceError({ status, code, message, ...(ec === undefined ? {} : { ec }) })
  return withHeaders(dialect.errorAnswer(error, call, requestId), action.headers ?? {})
}

function leave(end: () => void): Promise<never> {
  end()
  return Promise.reject(new ClientGone())
}

async function* interrupted(
  body: AsyncIterable<Uint8Array>,
  afterBytes: number,
  interrupt: () => Promise<never>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let left = afterBytes
  for await (const chunk of body) {
    if (chunk.length >= left) {
      if (left > 0) yield chunk.subarray(0, left)
      await interrupt()
    }
    left -= chunk.length
    yield chunk
  }
  await interrupt()
}

/** Recognizes the header or element with the dialect's checksum by its name. */
function withWrongChecksum(answer: Answer, value: string | undefined): Answer {
  const name = Object.keys(answer.headers).find((header) => CHECKSUM_HEADER.test(header))
  if (name !== undefined) return withHeaders(answer, { [name]: value ?? otherChecksum(answer.headers[name] ?? '') })
  if (typeof answer.body !== 'string') return answer
  const body = answer.body.replace(
    CHECKSUM_ELEMENT,
    (_all, before: string, text: string) => before + (value ?? otherChecksum(text)),
  )
  return { ...answer, body }
}

const CHECKSUM_HEADER = /crc64ecma$|-checksum-(crc|sha)/i
const CHECKSUM_ELEMENT = /(<Checksum(?:CRC|SHA)[0-9A-Z]+>)([^<]+)/

/** Returns a value that differs in its last bit, or for base64 in its first character. */
function otherChecksum(text: string): string {
  if (/^\d+$/.test(text)) return String(BigInt(text) ^ 1n)
  return (text.startsWith('A') ? 'B' : 'A') + text.slice(1)
}

function endlessAnswer(status: number): Answer {
  const headers = { 'Content-Type': 'application/xml' }
  return { status, headers, body: { size: undefined, chunks: endlessText() } }
}

function* endlessText(): Generator<Uint8Array, void, undefined> {
  yield Buffer.from('<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>')
  const filling = Buffer.alloc(64 * 1024, 'a')
  for (;;) yield filling
}
