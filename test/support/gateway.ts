import { once } from 'node:events'
import { createServer, request as forward, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

export type Kind = 'put' | 'initiate' | 'part' | 'complete' | 'abort' | 'head' | 'get'

export interface Gateway {
  endpoint: string
  /** How many connections there have been. */
  readonly connections: number
  /** Requests whose headers came in, in order. */
  readonly arrived: readonly Kind[]
  readonly headers: readonly IncomingHttpHeaders[]
  /** Requests of that kind go no further from now on, until they are let go. */
  hold: (kind: Kind) => void
  /** Lets that many of them go on, all and all that follow by default. */
  letGo: (count?: number) => void
}

/** A server in front of the emulator that passes everything on, and sees what comes in when. */
export async function gateway(t: Pick<TestContext, 'after'>, store: string): Promise<Gateway> {
  const target = new URL(store)
  const arrived: Kind[] = []
  const headers: IncomingHttpHeaders[] = []
  const waiting: (() => void)[] = []
  let held: Kind | undefined
  let connections = 0
  const server = createServer((incoming, outgoing) => {
    const kind = kindOf(incoming)
    arrived.push(kind)
    headers.push(incoming.headers)
    const pass = () => {
      const { method, url, rawHeaders } = incoming
      const onward = forward({ host: target.hostname, port: target.port, method, path: url, headers: rawHeaders })
      onward.on('response', (answer) => {
        outgoing.writeHead(answer.statusCode ?? 0, answer.rawHeaders)
        answer.pipe(outgoing)
      })
      onward.on('error', () => outgoing.destroy())
      incoming.pipe(onward)
    }
    if (kind === held) waiting.push(pass)
    else pass()
  })
  server.on('connection', () => (connections += 1))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return connections
    },
    arrived,
    headers,
    hold: (kind) => (held = kind),
    letGo(count = Infinity) {
      if (count === Infinity) held = undefined
      for (const pass of waiting.splice(0, Math.min(count, waiting.length))) pass()
    },
  }
}

function kindOf({ method, url = '' }: IncomingMessage): Kind {
  const query = new URL(url, 'http://host').searchParams
  if (method === 'PUT') return query.has('partNumber') ? 'part' : 'put'
  if (method === 'POST') return query.has('uploads') ? 'initiate' : 'complete'
  if (method === 'DELETE') return 'abort'
  return method === 'HEAD' ? 'head' : 'get'
}
