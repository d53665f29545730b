import { inspect } from 'node:util'

/** Throws if the error, or anything that it refers to, shows one of the secrets: plain, URL-encoded or in Base64. */
export function assertWithout(error: unknown, secrets: readonly string[]): void {
  const { stack = '' } = error as Error
  const shown = [inspect(error, { depth: 12, showHidden: true, maxStringLength: null, maxArrayLength: null }), stack]
  // Bytes are shown as numbers.
  for (const bytes of bytesIn(error)) shown.push(bytes.toString('latin1'))
  const text = shown.join('\n')
  for (const secret of secrets) {
    for (const [how, form] of formsOf(secret)) {
      if (text.includes(form)) throw new Error(`the error shows a secret, ${how}: ${form}`, { cause: error })
    }
  }
}

function formsOf(secret: string): [how: string, form: string][] {
  // Base64 depends on where in its group of three bytes the secret begins; its ends depend on what is beside it.
  const inBase64 = [0, 1, 2].map((offset): [string, string] => {
    const text = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)]).toString('base64')
    return ['in Base64', text.replace(/=+$/, '').slice(offset === 0 ? 0 : offset + 1, -1)]
  })
  return [['plain', secret], ['URL-encoded', encodeURIComponent(secret)], ...inBase64]
}

function bytesIn(value: unknown, seen = new Set<unknown>()): Buffer[] {
  if (typeof value !== 'object' || value === null || seen.has(value)) return []
  seen.add(value)
  if (ArrayBuffer.isView(value)) return [Buffer.from(value.buffer, value.byteOffset, value.byteLength)]
  return Reflect.ownKeys(value).flatMap((name) => bytesIn(Reflect.get(value, name), seen))
}
