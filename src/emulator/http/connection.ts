/** Ends the connection of a response at the TCP level. */
import type { ServerResponse } from 'node:http'

/** The client has disconnected. Thrown to leave an operation; not an error of the emulator. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone'

  constructor() {
    super('The client has disconnected')
  }
}

/** Ends the connection with a TCP reset. */
export function resetConnection(response: ServerResponse): void {
  response.req.socket.resetAndDestroy()
}

/** Ends the connection with a TCP FIN, even in the middle of a response. */
export function hangUp(response: ServerResponse): void {
  response.req.socket.destroySoon()
}
