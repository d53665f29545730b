import { Socket } from 'node:net'

/**
 * Reads standard input, a pipe, into the memory that `next` gives. `take` is called after each read and returns whether
 * to read on; the socket that is returned is resumed when there is room again. The cheapest way that Node documents.
 */
export function readLoop(next: () => Uint8Array, take: (length: number) => boolean): Socket {
  const options = { fd: 0, readable: true, writable: false, onread: { buffer: next, callback: take } }
  return new Socket(options).resume()
}
