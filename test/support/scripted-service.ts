import assert from 'node:assert/strict'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { TestContext } from 'node:test'
import { formatCrc64 } from '../../src/checksum/decimal.js'
import { crc64Engine } from '../../src/checksum/engine.js'
import { type CredentialsOption, CredentialsSource } from '../../src/credentials/credentials-source.js'
import type { TimeoutOptions } from '../../src/http/transport.js'
import { type GivenRetryOptions, retryPolicy } from '../../src/shared/backoff.js'
import type { Dialect } from '../../src/stores/dialect.js'
import { RestDriver } from '../../src/stores/rest-driver.js'
import { ObjectBody } from '../../src/stores/object/object-body.js'
import { ossDialect } from '../../src/stores/oss/oss-dialect.js'
import { httpServer } from './http-server.js'
import { transport } from './transport.js'

export interface ReceivedRequest {
  method: string
  url: string
  headers: IncomingHttpHeaders
  body: Buffer
}

export interface Reply {
  status?: number
  headers?: Record<string, string>
  body?: string
}

/** What the service does with one request: answers, or anything else. */
export type Step = Reply | ((request: ReceivedRequest, response: ServerResponse) => Reply | undefined)

export interface ScriptedService {
  api: RestDriver
  /** In the order they came. */
  requests: ReceivedRequest[]
  /** What happens to the next requests, one each. */
  script(...steps: Step[]): void
}

export const CREDENTIALS = {
  accessKeyId: 'testAccessKeyId',
  accessKeySecret: 'testAccessKeySecret',
  securityToken: 'testSecurityToken',
}

/** A real HTTP server that answers by script, and the API of a service on it. Retries at once. */
export async function scriptedService(
  t: Pick<TestContext, 'after'>,
  options: {
    credentials?: CredentialsOption
    retry?: GivenRetryOptions
    timeouts?: Partial<TimeoutOptions>
    signatureVersion?: 1 | 4
    /** Default: that of OSS. */
    dialect?: (endpoint: string) => Dialect
  } = {},
): Promise<ScriptedService> {
  const steps: Step[] = []
  const requests: ReceivedRequest[] = []
  const endpoint = await httpServer(t, (incoming, response) => {
    void receive(incoming).then((request) => {
      requests.push(request)
      const step = steps.shift() ?? { status: 418, body: 'the script is at its end' }
      const reply = typeof step === 'function' ? step(request, response) : step
      if (reply === undefined) return
      response.writeHead(reply.status ?? 200, reply.headers)
      response.end(reply.body)
    })
  })
  const { credentials = CREDENTIALS, retry, timeouts, signatureVersion } = options
  const {
    dialect = (url: string) => ossDialect({ bucket: 'bucket', region: 'cn-test', endpoint: url, signatureVersion }),
  } = options
  const api = new RestDriver({
    dialect: dialect(endpoint),
    transport: transport(t, timeouts),
    credentials: new CredentialsSource(credentials),
    retry: retryPolicy({ maxAttempts: 8, baseDelayMs: 0, maxDelayMs: 0, totalMs: 60_000, ...retry }),
    answerMs: timeouts?.answerMs ?? 10_000,
  })
  return { api, requests, script: (...more) => steps.push(...more) }
}

async function receive(incoming: IncomingMessage): Promise<ReceivedRequest> {
  const { method = '', url = '', headers } = incoming
  const chunks: Buffer[] = []
  try {
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk)
  } catch {
    // The client went away.
  }
  return { method, url, headers, body: Buffer.concat(chunks) }
}

/** The service's own error. */
export function refusal(
  status: number,
  code: string,
  { headers = {}, message = 'as it is' }: { headers?: Record<string, string>; message?: string } = {},
): Reply {
  const facts = `<RequestId>id-of-${code}</RequestId><HostId>h</HostId><EC>0001-00000001</EC>`
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message>${facts}</Error>`
  return { status, headers: { 'content-type': 'application/xml', ...headers }, body }
}

/** The request's connection breaks without an answer. */
export function reset(_request: ReceivedRequest, response: ServerResponse): undefined {
  response.socket?.resetAndDestroy()
  return undefined
}

export function crc64Of(bytes: Uint8Array): bigint {
  const crc64 = crc64Engine().create()
  crc64.update(bytes)
  return crc64.digest()
}

/** The body and its checksum, as uploads hand them on. */
export function bodyOf(bytes: Uint8Array): ObjectBody {
  return new ObjectBody([bytes], crc64Of(bytes))
}

/** What OSS answers to a body that it stored. */
export function storedReply(bytes: Uint8Array, headers: Record<string, string> = {}): Reply {
  return { headers: { etag: '"E"', 'x-oss-hash-crc64ecma': formatCrc64(crc64Of(bytes)), ...headers } }
}

/** What the promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => assert.fail('the call succeeded'),
    (error: unknown) => error,
  )
}
