/**
 * The CRC-64 by the native addon `crc64-ecma182`, an optional dependency: absent where no compiler was at hand when it
 * was installed, and where it is already loaded in another thread (it can be loaded once per process).
 */
import { Buffer } from 'node:buffer'
import { createRequire } from 'node:module'
import type { Crc64, Crc64Engine } from './crc64.js'
import { MemoryPart } from './memory-part.js'
import { ordinaryMemory } from './summed-memory.js'

interface Addon {
  /** Takes `bytes` into `running`, the 8 bytes of a finished CRC with the lowest first, in place. */
  crc64(bytes: Buffer, running: Buffer): Buffer
}

class AddonCrc64 implements Crc64 {
  readonly #addon: Addon
  readonly #running = Buffer.alloc(8)

  constructor(addon: Addon) {
    this.#addon = addon
  }

  update(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#addon.crc64(buffer, this.#running)
  }

  digest(): bigint {
    return this.#running.readBigUInt64LE()
  }

  reset(): void {
    this.#running.fill(0)
  }
}

/** @throws what `require` throws when the addon is missing, was not built or cannot be loaded here. */
export function loadAddonEngine(): Crc64Engine {
  const addon = createRequire(import.meta.url)('crc64-ecma182') as Addon
  return {
    name: 'addon',
    create: () => new AddonCrc64(addon),
    createPartBuffer: (capacity) => new MemoryPart(ordinaryMemory(capacity, new AddonCrc64(addon))),
  }
}
