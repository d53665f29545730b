import fc from 'fast-check'

const FIRST_SURROGATE = 0xd800
const SURROGATES = 0x800
const COUNT = 0x11_0000 - SURROGATES
/** Letters are the simplest, as failures are reduced to them. */
const SIMPLEST = 0x61

/** Any code point, as `unit: 'binary'` has it, which makes a map of all 1.1 million: 0.6 s of every process. */
const unit = fc.nat(COUNT - 1).map(
  (index) => {
    const position = (index + SIMPLEST) % COUNT
    return String.fromCodePoint(position < FIRST_SURROGATE ? position : position + SURROGATES)
  },
  (value) => {
    const codePoint = typeof value === 'string' ? value.codePointAt(0) : undefined
    if (codePoint === undefined || String.fromCodePoint(codePoint) !== value) throw new Error('not one code point')
    const position = codePoint < FIRST_SURROGATE ? codePoint : codePoint - SURROGATES
    return (position - SIMPLEST + COUNT) % COUNT
  },
)

/** Strings of any code points, those among them that are names of every object, such as `__proto__`. */
export function anyText(constraints: { minLength?: number; maxLength?: number } = {}): fc.Arbitrary<string> {
  return fc.string({ ...constraints, unit })
}
