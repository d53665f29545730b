/** Lets the caller inspect the bytes of an upload, and refuse them, before anything is published. */
import type { PartBuffer } from '../checksum/crc64.js'
import { KiB } from '../shared/byte-size.js'
import { checkFunction, checkNames, checkObject, reading } from '../shared/check-option.js'
import { toError } from '../shared/errors.js'
import { unlessAborted } from '../shared/unless-aborted.js'

/** Inspects all bytes of an upload. If a method throws or rejects, the upload fails and nothing is published. */
export interface Inspector {
  /**
   * Called with all bytes of the object, in order. The memory of `chunk` is reused as soon as the call returns: copy what
   * you keep, and do not write to it.
   */
  bytes(chunk: Uint8Array): void
  /** Called once when the source has ended, before the object is published. A promise is awaited. */
  end?(): void | Promise<void>
}

/** Checks the option `inspect`. @throws {UploadError} `INVALID_OPTION`. */
export function checkInspector(value: unknown): Inspector {
  const given = checkObject('inspect', value)
  checkFunction(
    'inspect.bytes',
    reading('inspect.bytes', () => given['bytes']),
  )
  const end = reading('inspect.end', () => given['end'])
  if (end !== undefined) checkFunction('inspect.end', end)
  // A class instance has its methods on the prototype: only an object literal can have a misspelt name among its own.
  const isLiteral = reading('inspect', () => Object.getPrototypeOf(given) === Object.prototype)
  if (isLiteral) checkNames('inspect', given, ['bytes', 'end'])
  return value as Inspector
}

/** Calls `inspector.end()` and awaits it, but no longer than until `signal` is aborted. */
export async function endInspection(inspector: Inspector, signal: AbortSignal): Promise<void> {
  const ended = (async () => inspector.end?.())()
  // A rejection after the abort is ignored.
  ended.catch(() => undefined)
  await unlessAborted(ended, signal, toError)
}

/** Bytes of a complete part that an inspector gets at a time. */
const SLICE = 64 * KiB

/** Passes parts that are read several at a time to an inspector, in the order in which their reads started. */
export class OrderedInspection {
  readonly #inspector: Inspector
  #previous: Promise<void> = Promise.resolve()

  constructor(inspector: Inspector) {
    this.#inspector = inspector
  }

  /** Resolves with the part that `read` returns, once it is inspected. Calls `release` for a refused part. */
  inspect(read: Promise<PartBuffer>, release: (part: PartBuffer) => void): Promise<PartBuffer> {
    const previous = this.#previous
    const inspected = read.then(async (part) => {
      try {
        await previous
        for (const segment of part.segments) this.#show(segment)
        return part
      } catch (error) {
        release(part)
        throw error
      }
    })
    this.#previous = inspected.then(() => undefined)
    this.#previous.catch(() => undefined)
    return inspected
  }

  /** Calls `end` of the inspector. */
  async end(signal: AbortSignal): Promise<void> {
    await endInspection(this.#inspector, signal)
  }

  #show(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += SLICE) this.#inspector.bytes(bytes.subarray(at, at + SLICE))
  }
}
