/**
 * Reads and discards what is uploaded, in a process of its own, and answers as the services do. Sends its address, and
 * its certificate where it speaks TLS, to the process that forked it.
 */
import { Buffer } from 'node:buffer'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import process from 'node:process'
import type { Crc64 } from '../../src/checksum/crc64.js'
import { crc64Engine } from '../../src/checksum/engine.js'
import { selfSignedCertificate } from './certificate.js'
import { answerTo } from './receiver/answers.js'
import type { Listening, ReceiverOptions } from './receiver/receiver-options.js'

const { checksums, delayMs, tls } = JSON.parse(process.argv[2] ?? '') as ReceiverOptions

const crcs = new WeakMap<Socket, Crc64>()
/** Of the objects, by their paths. */
const sizes = new Map<string, number>()
let bytes = 0
let requests = 0

/** One a connection, used again and again: a connection carries one body at a time. */
function crcOf(socket: Socket): Crc64 {
  const crc = crcs.get(socket) ?? crc64Engine().create()
  crcs.set(socket, crc)
  crc.reset()
  return crc
}

const listener: http.RequestListener = (request, response) => {
  const { method = '', url: path = '', socket } = request
  const crc = checksums ? crcOf(socket) : undefined
  const documents: Buffer[] = []
  let size = 0
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (method === 'POST') documents.push(chunk)
    else crc?.update(chunk)
  })
  request.on('end', () => {
    bytes += size
    requests += 1
    const document = Buffer.concat(documents).toString()
    const { status, headers, text } =
      path === '/_stats' ? stats() : answerTo(method, path, { size, crc, document }, sizes)
    const reply = (): void => {
      response.writeHead(status, { 'content-length': Buffer.byteLength(text), ...headers }).end(text)
    }
    if (delayMs > 0) setTimeout(reply, delayMs)
    else reply()
  })
}

function stats(): { status: number; headers: Record<string, string>; text: string } {
  const { user, system } = process.cpuUsage()
  return { status: 200, headers: {}, text: JSON.stringify({ bytes, requests, cpuSeconds: (user + system) / 1e6 }) }
}

const certificate = tls ? selfSignedCertificate() : undefined
const server = certificate === undefined ? http.createServer(listener) : https.createServer(certificate, listener)
// No client of a long run finds its connection closed.
server.keepAliveTimeout = 600_000
server.requestTimeout = 0
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  const scheme = tls ? 'https' : 'http'
  process.send?.({ endpoint: `${scheme}://127.0.0.1:${port}`, certificate: certificate?.cert } satisfies Listening)
})
process.on('disconnect', () => process.exit())
