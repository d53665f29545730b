/**
 * Notifies an application server that an object was stored (OSS documentation, "Callback"). The object stays stored if
 * the callback fails; then the status code of the response is 203.
 */
import { Buffer } from 'node:buffer'
import { withHeaders, type Answer } from '../../http/answer.js'
import { mergeHeaders } from '../../http/headers.js'
import { invalidArgument, Refusal, serviceErrorOf } from '../../refusal.js'
import type { StoredObject } from '../../storage/stored-object.js'
import type { CallbackRules } from '../../dialects/dialect.js'
import { postCallback } from './callback-request.js'
import type { OperationContext } from '../operation.js'

const MAX_PARAMETER_BYTES = 5 * 1024
const FORM = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'

export interface Callback {
  /** Tried in order until one succeeds. */
  readonly urls: readonly URL[]
  readonly host: string | undefined
  readonly body: string
  readonly bodyType: typeof FORM | typeof JSON_TYPE
  /** By name, including `x:`. */
  readonly variables: ReadonlyMap<string, string>
}

/** Returns the callback that the request specifies. Throws `invalid-argument` before anything is stored. */
export function readCallback(context: OperationContext): Callback | undefined {
  const spec = readJsonParameter(context, 'callback')
  if (spec === undefined) return undefined
  const { text, fields } = spec
  const rules = context.dialect.callback
  const body = fields.get('callbackBody')
  const bodyType = fields.get('callbackBodyType') ?? rules.usualBodyType
  if (body === undefined || body === '') throw new Refusal('callback-without-body', { ArgumentName: 'callback' })
  if (bodyType !== FORM && bodyType !== JSON_TYPE)
    throw invalidCallback(text, `callbackBodyType must be ${FORM} or ${JSON_TYPE}.`)
  const urls = (fields.get('callbackUrl') ?? '')
    .split(';')
    .filter((url) => url !== '')
    .map((url) => parseUrl(url, text))
  if (urls.length === 0 || urls.length > rules.maxUrls)
    throw invalidCallback(text, `callbackUrl must name 1 to ${rules.maxUrls} URLs.`)
  const variables = readJsonParameter(context, 'callback-var')?.fields ?? new Map<string, string>()
  return { urls, host: fields.get('callbackHost'), body, bodyType, variables }
}

/** Sends the callback, if there is one, and returns the application server's response as that of the request. */
export async function announceObject(
  context: OperationContext,
  callback: Callback | undefined,
  object: StoredObject,
  answer: Answer,
): Promise<Answer> {
  if (callback === undefined) return answer
  const body = fillIn(callback, object, context.dialect.callback)
  const { host, bodyType } = callback
  let failure = 'no URL'
  for (const url of callback.urls) {
    const outcome = await postCallback({ url, host, body, bodyType, timeoutMs: context.limits.callbackMs })
    if (outcome.ok) return { ...withHeaders(answer, { 'Content-Type': JSON_TYPE }), body: outcome.json }
    failure = outcome.reason
  }
  return callbackFailed(context, answer, failure)
}

function callbackFailed({ dialect, call, requestId }: OperationContext, answer: Answer, reason: string): Answer {
  const refusal = new Refusal('callback-failed', {}, `Error status : ${reason}.`)
  const failed = dialect.errorAnswer(serviceErrorOf(refusal, dialect.refusals), call, requestId)
  return { ...failed, headers: mergeHeaders(answer.headers, failed.headers) }
}

/** Replaces the placeholders in the callback's body. An unknown name becomes empty. */
function fillIn(
  { body, bodyType, variables }: Callback,
  object: StoredObject,
  { placeholder, names }: CallbackRules,
): string {
  const values: Record<string, string | number> = {
    bucket: object.bucket,
    object: object.key,
    etag: object.etag.toUpperCase(),
    size: object.size,
    mimeType: object.properties.headers['content-type'] ?? '',
    crc64: object.crc64,
    contentMd5: object.uploadId === undefined ? Buffer.from(object.etag, 'hex').toString('base64') : '',
  }
  const encode = bodyType === FORM ? (value: string | number) => encodeURIComponent(value) : JSON.stringify
  return body.replace(placeholder, (_placeholder, found: string) => {
    const name = names[found] ?? found
    const value = Object.hasOwn(values, name) ? values[name] : variables.get(name)
    return encode(value ?? '')
  })
}

/** Reads a parameter that is base64 of a flat JSON object, in a header or in the query, but not in both. */
function readJsonParameter(
  { call, dialect }: OperationContext,
  name: string,
): { text: string; fields: Map<string, string> } | undefined {
  const header = call.header(`${dialect.headerPrefix}${name}`)
  const parameter = call.parameter(name) ?? call.parameter(`${dialect.headerPrefix}${name}`)
  const text = header ?? parameter
  if (text === undefined) return undefined
  if (header !== undefined && parameter !== undefined) throw invalidCallback(text, `${name} is given twice.`)
  if (text.length > MAX_PARAMETER_BYTES)
    throw invalidCallback(text, `${name} must be at most ${MAX_PARAMETER_BYTES} bytes.`)
  const value = parseJson(Buffer.from(text, 'base64').toString())
  if (typeof value !== 'object' || value === null)
    throw invalidCallback(text, `${name} must be base64 of a JSON object.`)
  return { text, fields: new Map(Object.entries(value).map(([field, content]) => [field, String(content)])) }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function parseUrl(text: string, parameter: string): URL {
  const url = text.includes('://') ? text : `http://${text}`
  if (!URL.canParse(url) || !/^https?:/i.test(url))
    throw invalidCallback(parameter, `callbackUrl ${text} is not valid.`)
  return new URL(url)
}

function invalidCallback(value: string, message: string): Refusal {
  return invalidArgument('callback', value, message)
}
