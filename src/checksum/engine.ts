/**
 * Which engine computes the CRC-64: the fastest that runs here and passes its self-check. `NODE_DEBUG=oss-upload-stream`
 * prints the choice; the environment variable `OSS_UPLOAD_STREAM_CRC64` makes it.
 */
import { Buffer } from 'node:buffer'
import process from 'node:process'
import { debuglog } from 'node:util'
import { loadAddonEngine } from './addon-engine.js'
import type { Crc64Engine } from './crc64.js'
import { tableEngine } from './table-engine.js'

type EngineName = Crc64Engine['name']

const debug = debuglog('oss-upload-stream')

/** In the order of preference. */
const loaders: Partial<Record<EngineName, () => Crc64Engine>> = { addon: loadAddonEngine, table: () => tableEngine }

const VARIABLE = 'OSS_UPLOAD_STREAM_CRC64'

let chosen: Crc64Engine | undefined

/** The engine of this process (of this thread, in a worker), chosen at the first call. */
export function crc64Engine(): Crc64Engine {
  chosen ??= choose(process.env[VARIABLE])
  return chosen
}

/** The engine of that name, self-checked. @throws when it cannot run here. */
export function createCrc64Engine(name: EngineName): Crc64Engine {
  const engine = loaders[name]?.()
  if (engine === undefined) throw new Error(`the CRC-64 engine ${name} is not there`)
  selfCheck(engine)
  return engine
}

function choose(forced: string | undefined): Crc64Engine {
  if (forced !== undefined && forced !== '') {
    if (!isEngineName(forced)) {
      throw new TypeError(
        `${VARIABLE} must be one of ${Object.keys(loaders).join(', ')}, not ${JSON.stringify(forced)}`,
      )
    }
    return createCrc64Engine(forced)
  }
  for (const name of Object.keys(loaders).filter(isEngineName)) {
    try {
      const engine = createCrc64Engine(name)
      debug('CRC-64 by %s', name)
      return engine
    } catch (error) {
      debug('CRC-64 not by %s: %o', name, error)
    }
  }
  return tableEngine
}

function isEngineName(name: string): name is EngineName {
  return Object.hasOwn(loaders, name)
}

/** The check value of CRC-64/XZ, for the ASCII digits 1 to 9. */
const CHECK = { message: Buffer.from('123456789'), crc: 0x995dc9bbdf1939fan }

function selfCheck(engine: Crc64Engine): void {
  const crc = engine.create()
  crc.update(CHECK.message)
  if (crc.digest() !== CHECK.crc) throw new Error(`the CRC-64 engine ${engine.name} computes wrong values here`)
}
