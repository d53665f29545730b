/** Limits the rate of bytes. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ClientGone } from './connection.js'

const STEPS_PER_SECOND = 20

/** Waits. Rejects with `ClientGone` if the client disconnects meanwhile. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal })
  } catch {
    throw new ClientGone()
  }
}

/** Yields the same bytes in small chunks, at no more than `bytesPerSecond`. */
export async function* paced(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  bytesPerSecond: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const step = Math.max(1, Math.floor(bytesPerSecond / STEPS_PER_SECOND))
  for await (const chunk of chunks) {
    for (let offset = 0; offset < chunk.length; offset += step) {
      const slice = chunk.subarray(offset, offset + step)
      yield slice
      await pause((slice.length / bytesPerSecond) * 1000, signal)
    }
  }
}
