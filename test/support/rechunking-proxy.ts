import { request } from 'node:http'
import type { TestContext } from 'node:test'
import { httpServer } from './http-server.js'

/** An HTTP proxy before a server that sends every body of a response in chunks, as some do that look into them. Returns its origin. */
export async function rechunkingProxy(t: Pick<TestContext, 'after'>, origin: string): Promise<string> {
  return httpServer(t, (incoming, response) => {
    const { method, url, headers } = incoming
    const forwarded = request(origin + (url ?? ''), { method, headers }, (answer) => {
      delete answer.headers['content-length']
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    forwarded.on('error', () => response.destroy())
    incoming.pipe(forwarded)
  })
}
