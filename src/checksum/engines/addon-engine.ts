/**
 * The CRC-64 by the native addon `crc64-ecma182`, an optional peer dependency: used if the application has installed it and
 * the faster engine cannot run. It can be loaded once per process, so a second thread cannot use it.
 */
import { Buffer } from 'node:buffer'
import { createRequire } from 'node:module'
import path from 'node:path'
import process from 'node:process'
import { mainScript } from '../../shared/main-script.js'
import type { Crc64, Crc64Engine } from '../crc64.js'
import { MemoryPart } from '../memory-part.js'
import { ordinaryMemory } from '../summed-memory.js'

interface Addon {
  /** Adds `bytes` to `running`, the 8 little-endian bytes of a CRC, in place. */
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

/** @throws {AggregateError} When the addon is not installed, was not built, or cannot be loaded in this thread. */
export function loadAddonEngine(): Crc64Engine {
  const addon = requireAddon()
  return {
    name: 'addon',
    create: () => new AddonCrc64(addon),
    createPartBuffer: (capacity) => new MemoryPart(ordinaryMemory(capacity, new AddonCrc64(addon))),
  }
}

/**
 * Looks for the addon from the main script of the program, then from the working directory. Starting from this file would
 * be obvious, but a bundler follows such a `require` and fails if the addon is not installed.
 */
function requireAddon(): Addon {
  const failures: unknown[] = []
  for (const from of [mainScript(), path.join(process.cwd(), 'index.js')]) {
    try {
      return createRequire(from)('crc64-ecma182') as Addon
    } catch (error) {
      failures.push(error)
    }
  }
  throw new AggregateError(failures, 'crc64-ecma182 cannot be loaded')
}
