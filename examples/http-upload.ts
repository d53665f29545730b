/**
 * A server that uploads the bodies of requests as they arrive: without temporary files or whole bodies in memory.
 *
 *     PORT=8080 node --import tsx examples/http-upload.ts
 *     curl -T video.mp4 http://127.0.0.1:8080/videos/today.mp4
 *
 * Set OSS_BUCKET, OSS_REGION, OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { finished } from 'node:stream'
import { openStore, UploadError, type UploadErrorCode, type UploadResult } from 'oss-upload-stream'

const MiB = 1024 * 1024

// One store for all requests: they share its connections, and `maxMemory` bounds the parts of all of them together. With
// small parts more than a hundred clients are served at the same time, however slowly they send.
const store = openStore({ maxMemory: 128 * MiB })

async function receive(request: IncomingMessage): Promise<UploadResult> {
  const key = decodeURIComponent(new URL(request.url ?? '', 'http://localhost').pathname.slice(1))
  const upload = store.createUploadStream(key, {
    contentType: request.headers['content-type'],
    forbidOverwrite: true,
    partSize: MiB,
  })
  // Not pipeline(): it would end the request with the upload, and with it the connection for the response.
  request.pipe(upload)
  // A client that disconnects half-way has sent half a file, which must not be published.
  finished(request, (error) => {
    if (error) upload.destroy(error)
  })
  upload.on('error', () => undefined) // `done` rejects with it
  return upload.done
}

const STATUS: Partial<Record<UploadErrorCode, number>> = {
  INVALID_OPTION: 400,
  ALREADY_EXISTS: 409,
  THROTTLED: 503,
  TIMEOUT: 504,
}

function refuse(response: ServerResponse, error: unknown): void {
  if (error instanceof UploadError) answer(response, STATUS[error.code] ?? 502, error.code, error.message)
  else if (error instanceof URIError) answer(response, 400, 'INVALID_URL', error.message)
  else answer(response, 500, 'FAILED', 'the upload failed')
}

function answer(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ code, message }))
}

const server = createServer((request, response) => {
  if (request.method !== 'PUT') {
    answer(response, 405, 'METHOD_NOT_ALLOWED', 'PUT what is to be stored')
    return
  }
  receive(request).then(
    ({ key, size, etag, crc64 }) => {
      response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify({ key, size, etag, crc64 }))
    },
    (error: unknown) => {
      console.error(error)
      refuse(response, error)
      // Read and discard the rest of the body: otherwise the client could not finish sending, and would not read the response.
      request.resume()
    },
  )
})

server.listen(Number(process.env['PORT'] ?? 8080), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
