/** Watches what an upload does with the memory of its store. */
import assert from 'node:assert/strict'
import { mock } from 'node:test'
import type { PartBuffer } from '../../src/checksum/crc64.js'
import { BufferPool } from '../../src/memory/buffer-pool.js'
import { CurrentPart } from '../../src/upload/parts/current-part.js'

/** A method of a class, to be called for an instance. */
type Method<Class, Name extends keyof Class> = (this: Class, ...args: Parameters<Extract<Class[Name], Call>>) => unknown
type Call = (...args: never[]) => unknown

function methodOf<Class, Name extends keyof Class & string>(
  { prototype }: { prototype: Class },
  name: Name,
): Method<Class, Name> {
  return Reflect.get(prototype as object, name)
}

/**
 * Watches the pools that lend to one reader from now on. `end` throws if memory was not given back, or was given back before
 * the reader had returned it: it may have been another part's by then.
 */
export function watchMemory(): { end(): void } {
  const pools = new Set<BufferPool>()
  const lent = new Set<PartBuffer>()
  let releasedWhileLent = 0
  const addHolder = methodOf(BufferPool, 'addHolder')
  const tryLend = methodOf(BufferPool, 'tryLend')
  const release = methodOf(BufferPool, 'release')
  const takeBack = methodOf(CurrentPart, 'takeBack')
  const watched = [
    mock.method(BufferPool.prototype, 'addHolder', function (this: BufferPool, ...args: Parameters<typeof addHolder>) {
      pools.add(this)
      addHolder.apply(this, args)
    }),
    mock.method(BufferPool.prototype, 'tryLend', function (this: BufferPool, buffer: PartBuffer) {
      const isLent = tryLend.call(this, buffer)
      if (isLent === true) lent.add(buffer)
      return isLent
    }),
    mock.method(BufferPool.prototype, 'release', function (this: BufferPool, buffer: PartBuffer) {
      if (lent.has(buffer)) releasedWhileLent += 1
      release.call(this, buffer)
    }),
    mock.method(CurrentPart.prototype, 'takeBack', function (this: CurrentPart, ...args: Parameters<typeof takeBack>) {
      lent.clear()
      return takeBack.apply(this, args)
    }),
  ]
  return {
    end() {
      for (const { mock: method } of watched) method.restore()
      assert.equal(releasedWhileLent, 0, 'memory was released while a reader had it')
      for (const pool of pools) assert.equal(pool.handedOutBytes, 0, 'memory was not given back to the store')
    },
  }
}
