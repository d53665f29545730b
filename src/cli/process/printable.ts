/**
 * Text of others on a terminal and in JSON: names of objects, metadata and responses may hold escape sequences, C1 control
 * characters (U+009B begins a sequence like ESC [), line ends, or format characters that reverse what follows (U+202E).
 */

/** Controls, format characters, separators of lines and paragraphs, and halves of surrogate pairs. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** Returns the text with each character that a terminal would obey as its escape in JSON, such as `\u001b`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escaped)
}

/** Returns the value as JSON on one line in which no character is left that a terminal would obey. */
export function printableJson(value: unknown): string {
  return printable(JSON.stringify(value))
}

/** A character beyond U+FFFF is two escapes, as in JSON. */
function escaped(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}
