/**
 * Chooses the engine for the CRC-64: the fastest that works here and passes its self-check. The environment variable
 * `OSS_UPLOAD_STREAM_CRC64` forces one; `NODE_DEBUG=oss-upload-stream` prints which one is used, and why others are not.
 */
import { Buffer } from 'node:buffer'
import process from 'node:process'
import { debuglog } from 'node:util'
import { loadAddonEngine } from './engines/addon-engine.js'
import type { Crc64Engine } from './crc64.js'
import { loadRingEngine } from './engines/ring-engine.js'
import { tableEngine } from './engines/table-engine.js'

export type Crc64EngineName = Crc64Engine['name']

/** The loaders of the engines, in order of preference. A loader throws if its engine cannot run. */
export type Crc64EngineLoaders = Readonly<Record<Crc64EngineName, () => Crc64Engine>>

const LOADERS: Crc64EngineLoaders = { rings: loadRingEngine, addon: loadAddonEngine, table: () => tableEngine }

const VARIABLE = 'OSS_UPLOAD_STREAM_CRC64'

const debug = debuglog('oss-upload-stream')

let chosen: Crc64Engine | undefined

/** Returns the engine of this process (of this thread, in a worker), chosen with the first call. */
export function crc64Engine(): Crc64Engine {
  chosen ??= chooseCrc64Engine(process.env[VARIABLE])
  return chosen
}

/** Returns the requested engine, or the first that works. @throws if the requested engine does not work here. */
export function chooseCrc64Engine(asked: string | undefined, loaders: Crc64EngineLoaders = LOADERS): Crc64Engine {
  const names = Object.keys(loaders) as Crc64EngineName[]
  if (asked !== undefined && asked !== '') {
    const name = names.find((known) => known === asked)
    if (name === undefined) throw new TypeError(`${VARIABLE} must be one of ${names.join(', ')}, not '${asked}'`)
    return createCrc64Engine(name, loaders)
  }
  const failures: unknown[] = []
  for (const name of names) {
    try {
      const engine = createCrc64Engine(name, loaders)
      debug('CRC-64 by %s', name)
      return engine
    } catch (error) {
      debug('CRC-64 not by %s: %s', name, error)
      failures.push(error)
    }
  }
  throw new AggregateError(failures, 'no CRC-64 engine works here')
}

/** Returns the engine of that name. @throws if it cannot run here or computes wrong values. */
export function createCrc64Engine(name: Crc64EngineName, loaders: Crc64EngineLoaders = LOADERS): Crc64Engine {
  let engine: Crc64Engine
  try {
    engine = loaders[name]()
  } catch (error) {
    throw new Error(`the CRC-64 engine '${name}' cannot run here`, { cause: error })
  }
  if (!isRight(engine)) throw new Error(`the CRC-64 engine '${name}' computes wrong values here`)
  return engine
}

/**
 * Checks known values: the check value of CRC-64/XZ, then a message long enough that the rings are used, wrap around and
 * are recombined. Both use one engine, so that state left by the first would spoil the second.
 */
function isRight(engine: Crc64Engine): boolean {
  const crc = engine.create()
  crc.update(Buffer.from('123456789'))
  const short = crc.digest()
  crc.reset()
  const counting = Uint8Array.from({ length: 251 }, (_, index) => index)
  crc.update(Buffer.alloc(100 * 1024, counting))
  return short === 11051210869376104954n && crc.digest() === 5409316634556368277n
}
