import { Agent, type Dispatcher } from 'undici'

/** A way to the service on which bodies are damaged: one byte of each of the first `times` that are `length` bytes long. */
export function damagingDispatcher(length: number, times: number): Dispatcher & { readonly damaged: number } {
  let damaged = 0
  const dispatcher = new Agent().compose((dispatch) => (options, handler) => {
    const { body } = options
    if (body === null || body === undefined || damaged >= times || lengthOf(options) !== length) {
      return dispatch(options, handler)
    }
    damaged += 1
    return dispatch({ ...options, body: damage(body as unknown as Iterable<Uint8Array> | Uint8Array) }, handler)
  })
  return Object.defineProperty(dispatcher, 'damaged', { get: () => damaged }) as Dispatcher & { damaged: number }
}

function lengthOf({ headers }: Dispatcher.DispatchOptions): number {
  return Number((headers as Record<string, string>)['content-length'])
}

function damage(body: Iterable<Uint8Array> | Uint8Array): Buffer {
  const bytes = Buffer.concat(body instanceof Uint8Array ? [body] : [...body])
  const middle = bytes.length >> 1
  bytes[middle] = (bytes[middle] ?? 0) ^ 1
  return bytes
}
