import type { HttpRequest } from '../../http/http-message.js'
import type { Credentials } from '../../shared/credentials.js'
import { unescaped } from './unescaped.js'

/** Shortest part of a secret, in bytes, that is replaced, because a server may truncate a secret. */
const LONGEST_RUN = 12
/** Shorter secrets cannot be distinguished from words. */
const SHORTEST_SECRET = 6

/**
 * The signature of another request of the connection, which is not known here: behind its name, or behind the access key ID
 * and a colon.
 */
const OTHER_SIGNATURE = /((?:signature(?:=|%3D)|\b(?:OSS|OBS|AWS)(?: |\+|%20)[^:\s]{1,128}(?::|%3A)))[\w+/=%-]{12,}/gi

/** Base64 depends on the position of the secret in its group of three bytes. */
const BASE64_OFFSETS = [0, 1, 2]

/**
 * Replaces secrets of the request in a text of a server. A server may repeat what it received, complete or truncated,
 * with XML, JSON or percent escapes, or in Base64.
 */
export function withoutSecrets(
  text: string,
  credentials: Credentials | undefined,
  request: Pick<HttpRequest, 'headers'> | undefined,
): string {
  if (text === '') return text
  const runs = secretsOf(credentials, request).flatMap(runsOf)
  const shown = runs.length === 0 ? text : masked(text, runsByLength(runs))
  return shown.replace(OTHER_SIGNATURE, '$1***')
}

function secretsOf(
  credentials: Credentials | undefined,
  request: Pick<HttpRequest, 'headers'> | undefined,
): readonly string[] {
  const { accessKeySecret = '', securityToken = '' } = credentials ?? {}
  const headers = request?.headers ?? {}
  const signature = /(?:Signature=|:)([^,\s:]+)$/.exec(headers['authorization'] ?? '')?.[1] ?? ''
  const customerKeys = Object.entries(headers).flatMap(([name, value]) => (name.endsWith('-customer-key') ? value : []))
  return [accessKeySecret, securityToken, signature, ...customerKeys]
}

/** Returns all texts that would reveal a secret. */
function runsOf(secret: string): string[] {
  const bytes = Buffer.from(secret)
  const encoded = BASE64_OFFSETS.map((offset) => {
    const base64 = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    // The first characters depend on the bytes before the secret, the last one on those after it.
    return base64.slice(offset === 0 ? 0 : offset + 1, -1)
  })
  const urlSafe = encoded.map((base64) => base64.replaceAll('+', '-').replaceAll('/', '_'))
  return [secret, ...new Set([...encoded, ...urlSafe])].flatMap(cutIntoRuns)
}

function cutIntoRuns(secret: string): string[] {
  if (secret.length <= LONGEST_RUN) return secret.length < SHORTEST_SECRET ? [] : [secret]
  return Array.from({ length: secret.length - LONGEST_RUN + 1 }, (_, at) => secret.slice(at, at + LONGEST_RUN))
}

function runsByLength(runs: readonly string[]): Map<number, Set<string>> {
  const byLength = new Map<number, Set<string>>()
  for (const run of runs) byLength.set(run.length, (byLength.get(run.length) ?? new Set()).add(run))
  return byLength
}

function masked(text: string, runs: ReadonlyMap<number, ReadonlySet<string>>): string {
  const { characters, starts } = unescaped(text)
  let shown = ''
  let shownTo = 0
  let hiddenTo = 0
  for (let at = 0; at < characters.length; at += 1) {
    const length = [...runs.keys()].find((size) => runs.get(size)?.has(characters.slice(at, at + size)) === true)
    if (length === undefined) continue
    const from = starts[at] ?? text.length
    if (from > hiddenTo || hiddenTo === 0) {
      shown += `${text.slice(shownTo, from)}***`
    }
    hiddenTo = starts[at + length] ?? text.length
    shownTo = hiddenTo
  }
  return shown + text.slice(shownTo)
}
