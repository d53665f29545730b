import { createServer, type AddressInfo, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

export interface RawServer {
  origin: string
  port: number
  /** All connections so far, in the order they came. */
  sockets: Socket[]
}

/** A TCP server on a free port that sends scripted bytes, until the test ends. */
export async function rawServer(
  t: Pick<TestContext, 'after'>,
  onConnection: (socket: Socket, index: number) => void,
): Promise<RawServer> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    // A client that goes away is part of most of these tests.
    socket.on('error', () => undefined)
    sockets.push(socket)
    onConnection(socket, sockets.length - 1)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return { origin: `http://127.0.0.1:${port}`, port, sockets }
}

/** Calls `onHead` with the first line and headers of each request; what follows them stays unread. */
export function onRequestHead(socket: Socket, onHead: (head: string) => void): void {
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
    const end = text.indexOf('\r\n\r\n')
    if (end === -1) return
    const head = text.slice(0, end)
    text = ''
    onHead(head)
  })
}

/** An answer with a body and its length. */
export function answer(status: string, body = '', headers: readonly string[] = []): string {
  return [`HTTP/1.1 ${status}`, ...headers, `content-length: ${Buffer.byteLength(body)}`, '', body].join('\r\n')
}

/** A port on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
