/** Reads a customer key (SSE-C) from a file, because other users can read command lines. No message contains any part of it. */
import { readFileSync } from 'node:fs'
import { messageOf, usageFailure } from '../process/failure.js'
import type { Options } from './options.js'

const KEY_BYTES = 32

/** Returns the option of a request; undefined if no key is given. @throws {Failure} if the file has no key. */
export function customerKeyOf(options: Options): { customerKey: Uint8Array } | undefined {
  const path = options.text('sse-key-file')
  if (path === undefined) return undefined
  const bytes = readKeyFile(path)
  if (bytes.length === KEY_BYTES) return { customerKey: bytes }
  const text = bytes.toString('latin1').trim()
  const decoded = Buffer.from(text, 'base64')
  if (decoded.length === KEY_BYTES && decoded.toString('base64') === text) return { customerKey: decoded }
  throw usageFailure(`--sse-key-file ${path} must have 32 bytes, or their Base64 (got ${bytes.length} bytes)`)
}

function readKeyFile(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw usageFailure(`--sse-key-file cannot be read: ${messageOf(error)}`)
  }
}
