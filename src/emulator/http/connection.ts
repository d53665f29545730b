/** The connection under a response, and ways to end it that HTTP has no word for. */
import type { ServerResponse } from 'node:http'

/** There is nobody left to answer: thrown to leave an operation, never an error of the emulator. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone'

  constructor() {
    super('The client is gone')
  }
}

/** Ends the connection with a TCP reset. */
export function resetConnection(response: ServerResponse): void {
  response.req.socket.resetAndDestroy()
}

/** Ends the connection in an orderly way, in the middle of whatever was being said. */
export function hangUp(response: ServerResponse): void {
  response.req.socket.destroySoon()
}
