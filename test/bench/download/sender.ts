/**
 * Sends one object, `/bench/object` of any bucket's address, by ranges and as a whole, in a process of its own. The object is a block of
 * bytes that repeats. Sends its address to the process that forked it.
 */
import { randomFillSync } from 'node:crypto'
import http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { crc64Engine } from '../../../src/checksum/engine.js'
import { combineCrc64 } from '../../../src/checksum/combine.js'
import { formatCrc64 } from '../../../src/checksum/decimal.js'
import type { SenderOptions } from './sender-options.js'

const { size, delayMs, bytesPerSecond } = JSON.parse(process.argv[2] ?? '') as SenderOptions
const BLOCK = Buffer.allocUnsafeSlow(1024 * 1024)
randomFillSync(BLOCK)

const FACTS = `<Size>${size}</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>"e"</ETag>`
const LIST = `<?xml version="1.0"?><ListBucketResult><Name>bench</Name><Contents><Key>object</Key>${FACTS}</Contents></ListBucketResult>`

const seen = new WeakSet<Socket>()
let bytes = 0

const head: Record<string, string> = {
  ETag: '"5D41402ABC4B2A76B9719D911017C592-9"',
  'Last-Modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
  'Accept-Ranges': 'bytes',
  'Content-Type': 'application/octet-stream',
  'x-oss-hash-crc64ecma': formatCrc64(crcOfWhole()),
  'x-oss-request-id': '5F0000000000000000000001',
}

function crcOfWhole(): bigint {
  const crc = crc64Engine().create()
  crc.update(BLOCK)
  const ofBlock = crc.digest()
  let whole = 0n
  for (let at = 0; at < size; at += BLOCK.length) whole = combineCrc64(whole, ofBlock, BLOCK.length)
  return whole
}

async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  if (request.url === '/_stats') {
    response.end(JSON.stringify({ bytes }))
    return
  }
  if (/[?&]prefix=/.test(request.url ?? '')) {
    response.end(LIST)
    return
  }
  // A connection takes a round trip to be made, and a request one.
  const trips = seen.has(request.socket) ? 1 : 2
  seen.add(request.socket)
  if (delayMs > 0) await sleep(trips * delayMs)
  const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  const start = Number(match?.[1] ?? 0)
  const end = Math.min(size, match?.[2] === undefined || match[2] === '' ? size : Number(match[2]) + 1)
  const length = { ...head, 'Content-Length': String(end - start) }
  if (match === null) response.writeHead(200, length)
  else response.writeHead(206, { ...length, 'Content-Range': `bytes ${start}-${end - 1}/${size}` })
  if (request.method === 'HEAD') response.end()
  else await send(response, start, end)
}

async function send(response: http.ServerResponse, start: number, end: number): Promise<void> {
  const begunAt = performance.now()
  const step = bytesPerSecond === undefined ? BLOCK.length : 64 * 1024
  for (let at = start; at < end;) {
    const offset = at % BLOCK.length
    const chunk = BLOCK.subarray(offset, Math.min(BLOCK.length, offset + step, offset + end - at))
    at += chunk.length
    bytes += chunk.length
    if (response.destroyed) return
    if (!response.write(chunk)) await drained(response)
    if (bytesPerSecond === undefined) continue
    const aheadMs = ((at - start) / bytesPerSecond) * 1000 - (performance.now() - begunAt)
    if (aheadMs > 5) await sleep(aheadMs)
  }
  response.end()
}

async function drained(response: http.ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done)
      resolve()
    }
    response.on('drain', done).on('close', done)
  })
}

const server = http.createServer((request, response) => void answer(request, response))
server.keepAliveTimeout = 600_000
server.requestTimeout = 0
server.listen(0, '127.0.0.1', () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
process.on('disconnect', () => process.exit())
