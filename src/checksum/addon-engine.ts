/**
 * The CRC-64 by the native addon `crc64-ecma182`, an optional peer dependency: used where the application has installed
 * it and the faster engine cannot run. It can be loaded once per process, so a second thread does not get it.
 */
import { Buffer } from 'node:buffer'
import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import process from 'node:process'
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
 * Looks for the addon from the program's main script, then from the working directory. The location of this file would be
 * the obvious start, but a bundler follows a `require` from there and fails where the addon is not installed.
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

/** A link, as package managers make for a command, is followed to where the packages are. */
function mainScript(): string {
  const script = process.argv[1] ?? process.execPath
  try {
    return realpathSync(script)
  } catch {
    return path.resolve(script)
  }
}
