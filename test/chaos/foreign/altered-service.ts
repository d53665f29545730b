/** The emulator behind a server that alters fields of its responses. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A field of responses and what it is replaced by. */
export interface Alteration {
  /** Responses that stay as they are first; then it is altered so many times. */
  skip: number
  times: number
  field: { header: string } | { element: string }
  /** Text in its place. `undefined`: the field is left out; the text `twice`: it comes twice, as it is. */
  value: { text: string | undefined }
}

export class AlteredService {
  readonly #server: Server
  readonly #endpoint: URL
  #alterations: Alteration[] = []

  private constructor(server: Server, endpoint: string) {
    this.#server = server
    this.#endpoint = new URL(endpoint)
    server.on('request', (incoming: IncomingMessage, response: ServerResponse) => this.#forward(incoming, response))
  }

  static async before(endpoint: string): Promise<AlteredService> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new AlteredService(server, endpoint)
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  alter(alterations: readonly Alteration[]): void {
    this.#alterations = alterations.map((alteration) => ({ ...alteration }))
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #forward(incoming: IncomingMessage, response: ServerResponse): void {
    const { method, url, rawHeaders } = incoming
    const { hostname, port } = this.#endpoint
    const options = { host: hostname, port, method, path: url, headers: rawHeaders, agent: false }
    incoming.on('error', () => undefined)
    const forwarded = request(options, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('error', () => response.destroy())
      answer.on('end', () => this.#answer(answer, Buffer.concat(chunks), incoming, response))
    })
    forwarded.on('error', () => response.destroy())
    incoming.pipe(forwarded)
  }

  /** Written by hand: Node.js refuses to send such headers. */
  #answer(answer: IncomingMessage, body: Buffer, incoming: IncomingMessage, response: ServerResponse): void {
    const { rawHeaders, statusCode } = answer
    let headers = rawHeaders.flatMap((name, i): [string, string][] =>
      i % 2 === 0 ? [[name.toLowerCase(), rawHeaders[i + 1] ?? '']] : [],
    )
    headers = headers.filter(([name]) => name !== 'connection' && name !== 'keep-alive')
    const length = headers.find(([name]) => name === 'content-length')
    for (const { field, value } of this.#due()) {
      if ('header' in field) headers = withHeader(headers, field.header, value.text)
      else if (/^\s*<\?xml/.test(body.subarray(0, 100).toString())) {
        body = withElement(body, field.element, value.text)
        if (length !== undefined) length[1] = String(body.length)
      }
    }
    const lines = [...headers, ['connection', 'close']].map(([name, text]) => `${name}: ${text}\r\n`)
    const { socket } = response
    if (socket === null || socket.destroyed) return
    const head = `HTTP/1.1 ${statusCode} Altered\r\n${lines.join('')}\r\n`
    socket.end(Buffer.concat([Buffer.from(head, 'latin1'), incoming.method === 'HEAD' ? Buffer.alloc(0) : body]))
  }

  #due(): Alteration[] {
    return this.#alterations.filter((alteration) => {
      if ((alteration.skip -= 1) >= 0) return false
      return (alteration.times -= 1) >= 0
    })
  }
}

function withHeader(headers: [string, string][], header: string, text: string | undefined): [string, string][] {
  const found = headers.filter(([name]) => name === header)
  if (text === 'twice') return [...headers, ...found]
  const others = headers.filter(([name]) => name !== header)
  return text === undefined ? others : [...others, [header, text]]
}

function withElement(body: Buffer, element: string, text: string | undefined): Buffer {
  return Buffer.from(
    body.toString().replaceAll(new RegExp(`<${element}>[^<]*</${element}>`, 'g'), (found) => {
      if (text === 'twice') return found + found
      return text === undefined ? '' : `<${element}>${text}</${element}>`
    }),
  )
}
