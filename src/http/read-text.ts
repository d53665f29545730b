import type { Readable } from 'node:stream'
import { KiB } from '../shared/byte-size.js'
import { HttpFailure } from './http-failure.js'

/** More than the largest page of a listing: 1,000 keys of 1,023 bytes, each byte percent-encoded, twice over. */
export const LONGEST_ANSWER: number = 8192 * KiB

/** Resolves with the body as UTF-8. Throws HttpFailure and closes the connection if the body is too long. */
export async function readText(body: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > LONGEST_ANSWER) throw tooLongAnswer()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, length).toString('utf8')
}

export function tooLongAnswer(): HttpFailure {
  return new HttpFailure('answer', `the response is longer than ${LONGEST_ANSWER} bytes`, true)
}
