import { getEventListeners } from 'node:events'
import type { ObjectStore } from '../../src/index.js'

/** What an upload could leave behind in the process. */
export interface Resources {
  sockets: number
  timers: number
  listeners: number
  heapUsed: number
}

/** So many objects of `bytes`, `atOnce` at a time, under one signal. */
export async function manyUploads(
  store: ObjectStore,
  count: number,
  atOnce: number,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    for (let i = next++; i < count; i = next++) {
      const upload = store.createUploadStream(`object ${i}`, { signal })
      upload.end(bytes)
      await upload.done
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

export function resources(signal: AbortSignal): Resources {
  globalThis.gc?.()
  const active = process.getActiveResourcesInfo()
  return {
    sockets: active.filter((name) => name === 'TCPSocketWrap').length,
    timers: active.filter((name) => name === 'Timeout').length,
    listeners: getEventListeners(signal, 'abort').length,
    heapUsed: process.memoryUsage().heapUsed,
  }
}
