/** Raw requests to the emulator, signed by our own signing functions and sent over a real socket. */
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import http from 'node:http'
import type { Emulator } from '../../src/emulator/index.js'
import type { Credentials } from '../../src/shared/credentials.js'
import { loadXmlParser, type XmlElement } from '../../src/shared/text/xml.js'
import { signObs } from '../../src/signing/obs.js'
import { signOssV1 } from '../../src/signing/oss-v1.js'
import { signOssV4 } from '../../src/signing/oss-v4.js'
import { percentEncode, percentEncodeKey } from '../../src/signing/percent-encoding.js'
import type { QueryParameter } from '../../src/signing/signable-request.js'
import { signSigV4 } from '../../src/signing/sigv4.js'

const parseXml = await loadXmlParser()

export interface RawRequest {
  method?: string
  /** `bucket` by default. */
  bucket?: string
  key?: string
  query?: QueryParameter[]
  headers?: Record<string, string>
  body?: string | Uint8Array
  /**
   * `v4` and `v1` of OSS, `s3`: SigV4 with the body's hash unless the headers give another one, `obs` and `aws`: those of
   * OBS. `v4` by default; `none` sends what is there.
   */
  signature?: 'v4' | 'v1' | 's3' | 'obs' | 'aws' | 'none'
  credentials?: Credentials
  region?: string
  date?: Date
  additionalHeaders?: string[]
  agent?: http.Agent
}

export interface RawAnswer {
  status: number
  headers: http.IncomingHttpHeaders
  body: Buffer
}

/** Sends one request, path style; header values may hold any Unicode text. Rejects when there is no whole answer. */
export async function send(emulator: Emulator, request: RawRequest): Promise<RawAnswer> {
  const response = await open(emulator, request)
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return { status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) }
}

/** The same, up to the answer's headers. */
export async function open(emulator: Emulator, request: RawRequest): Promise<http.IncomingMessage> {
  const { body = '' } = request
  const outgoing = start(emulator, { ...request, headers: { 'content-length': lengthOf(body), ...request.headers } })
  // Not a string: Node.js would write it together with the headers, and both as UTF-8.
  outgoing.end(Buffer.from(body))
  return answerTo(outgoing)
}

/** A signed request whose body the caller writes. */
export function start(emulator: Emulator, request: RawRequest): http.ClientRequest {
  const { method = 'GET', query = [], agent } = request
  const path = `${pathOf(request)}${queryOf(query)}`
  const headers = Object.fromEntries(
    Object.entries({ ...request.headers, ...signatureOf(emulator, request) }).map(([name, value]) => [
      name,
      Buffer.from(value).toString('latin1'),
    ]),
  )
  const { hostname, port } = new URL(emulator.endpoint)
  return http.request({ hostname, port, method, path, headers, agent: agent ?? false })
}

export function answerTo(outgoing: http.ClientRequest): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.on('response', resolve).on('error', reject)
  })
}

/** The code of an error answer; empty when there is none. */
export function codeOf(answer: RawAnswer): string {
  return answer.body.length === 0 ? '' : (xmlOf(answer).text('Code') ?? '')
}

export function xmlOf({ body }: RawAnswer): XmlElement {
  return parseXml(body.toString())
}

function signatureOf(emulator: Emulator, request: RawRequest): Record<string, string> {
  const { method = 'GET', bucket = 'bucket', key, query = [], headers = {}, signature = 'v4' } = request
  const { credentials = emulator.credentials, region = emulator.region, date = new Date() } = request
  const signable = { method, bucket, key, query, headers }
  if (signature === 'none') return {}
  if (signature === 'v1') return signOssV1(signable, credentials, { date })
  if (signature === 's3') return signS3(emulator, request)
  if (signature === 'obs' || signature === 'aws') return signObs(signable, credentials, { date, mode: signature })
  return signOssV4(signable, credentials, { region, date, additionalHeaders: request.additionalHeaders ?? [] })
}

function signS3(emulator: Emulator, request: RawRequest): Record<string, string> {
  const { method = 'GET', query = [], headers = {}, body = '' } = request
  const { credentials = emulator.credentials, region = emulator.region, date = new Date() } = request
  const host = headers['host'] ?? new URL(emulator.endpoint).host
  const payloadHash = headers['x-amz-content-sha256'] ?? createHash('sha256').update(body).digest('hex')
  const signable = { method, path: pathOf(request), query, headers: { ...headers, host } }
  return signSigV4(signable, credentials, { region, date, payloadHash })
}

function pathOf({ bucket = 'bucket', key }: RawRequest): string {
  return `/${bucket}/${key === undefined ? '' : percentEncodeKey(key)}`
}

function queryOf(query: QueryParameter[]): string {
  const pairs = query.map(([name, value]) => percentEncode(name) + (value === '' ? '' : `=${percentEncode(value)}`))
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

function lengthOf(body: string | Uint8Array): string {
  return String(Buffer.byteLength(body))
}
