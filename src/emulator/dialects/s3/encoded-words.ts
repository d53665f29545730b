/**
 * User metadata outside ASCII, as S3 treats it ("Working with object metadata"): the bytes of a header are Latin-1;
 * encoded words (RFC 2047) in it are decoded before it is stored, and what is not ASCII then is returned as an encoded
 * word.
 */
import { Buffer } from 'node:buffer'

const WORD = /=\?([a-z0-9-]+)\?([bq])\?([!->@-~]+)\?=/gi

/** Returns the text that is stored. `header` has a character for each byte. */
export function decodeWords(header: string): string {
  // White space between two encoded words separates them, and is no part of the text.
  return header
    .replace(/(\?=)[ \t]+(?==\?)/g, '$1')
    .replace(WORD, (word, charset: string, encoding: string, text: string) => {
      const bytes = encoding.toLowerCase() === 'b' ? Buffer.from(text, 'base64') : quotedBytes(text)
      try {
        return new TextDecoder(charset, { fatal: true }).decode(bytes)
      } catch {
        return word
      }
    })
}

/** Returns the text as a response contains it. */
export function encodeWord(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`
}

function quotedBytes(text: string): Buffer {
  const latin1 = text
    .replaceAll('_', ' ')
    .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(latin1, 'latin1')
}
