import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

export interface ConnectProxy {
  url: string
  host: string
  /** Every tunnel that was asked for: where to, and with which headers. */
  tunnels: { target: string; headers: IncomingHttpHeaders }[]
  /** All else that was asked for: nothing, where everything is tunnelled. */
  requests: string[]
}

/** An HTTP proxy that makes tunnels; gone when the test ends. `status` other than 200 is its refusal, 0 its silence. */
export async function connectProxy(t: Pick<TestContext, 'after'>, status = 200): Promise<ConnectProxy> {
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket))
  }
  const proxy: ConnectProxy = { url: '', host: '', tunnels: [], requests: [] }
  const server = createServer((request, response) => {
    proxy.requests.push(request.url ?? '')
    response.writeHead(400).end()
  })
  server.on('connection', keep)
  server.on('connect', ({ url = '', headers }, client: Socket, head) => {
    proxy.tunnels.push({ target: url, headers })
    if (status === 0) return
    if (status !== 200) {
      client.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`)
      return
    }
    const { hostname, port } = new URL(`http://${url}`)
    const target = connect(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      target.write(head)
      target.pipe(client)
      client.pipe(target)
    })
    keep(target)
    client.once('close', () => target.destroy())
    target.once('close', () => client.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  proxy.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  proxy.url = `http://${proxy.host}`
  return proxy
}
