/** Sends one request to an application server. */
import { Buffer } from 'node:buffer'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { collectBody } from '../../http/request-body.js'

const MAX_ANSWER_BYTES = 3 * 1024 * 1024

export interface CallbackRequest {
  readonly url: URL
  /** The Host header; that of the URL if absent. */
  readonly host: string | undefined
  readonly body: string
  readonly bodyType: string
  readonly timeoutMs: number
}

export type CallbackOutcome = { ok: true; json: Buffer } | { ok: false; reason: string }

/** Never rejects: an unreachable application server is an outcome. */
export async function postCallback(callback: CallbackRequest): Promise<CallbackOutcome> {
  try {
    const response = await post(callback)
    const body = await collectBody(response, MAX_ANSWER_BYTES)
    if (response.statusCode !== 200) return { ok: false, reason: String(response.statusCode) }
    JSON.parse(body.toString())
    return { ok: true, json: body }
  } catch (error) {
    return { ok: false, reason: error instanceof SyntaxError ? 'the response is not JSON' : String(error) }
  }
}

function post({ url, host, body, bodyType, timeoutMs }: CallbackRequest): Promise<IncomingMessage> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const headers = {
      'Content-Type': bodyType,
      'Content-Length': Buffer.byteLength(body),
      'User-Agent': 'aliyun-oss-callback',
    }
    const request = send(url, {
      method: 'POST',
      headers: host === undefined ? headers : { ...headers, Host: host },
      signal: AbortSignal.timeout(timeoutMs),
      agent: false,
    })
    request.on('response', resolve).on('error', reject)
    request.end(body)
  })
}
