/** A text without escapes, and the offset of each character in the escaped text. */
export interface Unescaped {
  characters: string
  /** One more entry than characters: the last one is the length of the escaped text. */
  starts: readonly number[]
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const ESCAPE =
  /&(amp|lt|gt|quot|apos);|&#x([0-9a-f]{1,6});|&#([0-9]{1,7});|%([0-9a-f]{2})|\\u([0-9a-f]{4})|\\x([0-9a-f]{2})|\\(["\\/])/gi

/** A text may be escaped more than once. */
const LAYERS = 3

/** Resolves references of XML, percent escapes and those of JSON, even nested. */
export function unescaped(text: string): Unescaped {
  let result: Unescaped = { characters: text, starts: Array.from({ length: text.length + 1 }, (_, at) => at) }
  for (let layer = 0; layer < LAYERS; layer += 1) {
    const next = withoutOneLayer(result)
    if (next.characters.length === result.characters.length) break
    result = next
  }
  return result
}

function withoutOneLayer({ characters, starts }: Unescaped): Unescaped {
  let plain = ''
  const kept: number[] = []
  let from = 0
  const keepTo = (end: number): void => {
    plain += characters.slice(from, end)
    for (let at = from; at < end; at += 1) kept.push(starts[at] ?? 0)
  }
  for (const match of characters.matchAll(ESCAPE)) {
    const character = characterOf(match)
    keepTo(match.index)
    plain += character
    for (let unit = 0; unit < character.length; unit += 1) kept.push(starts[match.index] ?? 0)
    from = match.index + match[0].length
  }
  keepTo(characters.length)
  return { characters: plain, starts: [...kept, starts.at(-1) ?? 0] }
}

function characterOf([escape, named, hexadecimal, decimal, ...codes]: RegExpExecArray): string {
  if (named !== undefined) return NAMED[named.toLowerCase()] ?? escape
  const quoted = codes[3]
  if (quoted !== undefined) return quoted
  const digits = hexadecimal ?? codes.find(Boolean)
  const code = digits === undefined ? Number(decimal) : Number.parseInt(digits, 16)
  return code <= 0x10ffff ? String.fromCodePoint(code) : escape
}
