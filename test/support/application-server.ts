/** An application server that OSS calls back. */
import { Buffer } from 'node:buffer'
import http from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ReceivedCallback {
  headers: http.IncomingHttpHeaders
  body: string
}

export interface ApplicationServer extends AsyncDisposable {
  url: string
  received: ReceivedCallback[]
}

/** Responds with JSON that echoes what it received, unless configured otherwise. */
export async function startApplicationServer(
  answer: (callback: ReceivedCallback, response: http.ServerResponse) => void = echo,
): Promise<ApplicationServer> {
  const received: ReceivedCallback[] = []
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const callback = { headers: request.headers, body: Buffer.concat(chunks).toString() }
      received.push(callback)
      answer(callback, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/callback`,
    received,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function echo({ body }: ReceivedCallback, response: http.ServerResponse): void {
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ received: body }))
}
