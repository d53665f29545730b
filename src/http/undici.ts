/**
 * Loads the HTTP client with the first request, as loading it takes time that many processes need not spend.
 *
 * `undici` is imported by its file name: Bun replaces the bare name by its own module, which lacks what is used here.
 */
import type * as undici from 'undici/index.js'
import { UploadError } from '../shared/errors.js'

export type Undici = typeof undici

const NO_WEBASSEMBLY = 'WebAssembly must be available, as the HTTP client needs it: start Node.js without --jitless'

let loading: Promise<Undici> | undefined

/** Resolves with the client, the same for every caller. @throws {UploadError} Where the process has no WebAssembly. */
export async function loadUndici(): Promise<Undici> {
  if (loading === undefined) {
    // The built-in client needs it as well: reading the global below would end the process without an explanation.
    if (!('WebAssembly' in globalThis)) throw new UploadError('INVALID_OPTION', NO_WEBASSEMBLY)
    // The package registers its own agent for the program's `fetch()` where none is registered. Reading this global
    // makes Node.js register the built-in one first, so that `fetch()` works as it does without this library.
    Reflect.get(globalThis, 'FormData')
    loading = import('undici/index.js')
  }
  return loading
}
