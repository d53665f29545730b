/**
 * Escapes text of others for a terminal and for JSON. Names of objects, metadata and responses may contain escape sequences, C1 control
 * characters (U+009B starts a sequence like ESC [), line ends, or format characters that reverse what follows (U+202E).
 */

/** Controls, format characters, separators of lines and paragraphs, and halves of surrogate pairs. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** Returns the text; characters that a terminal would interpret become escapes of JSON, such as `\u001b`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escaped)
}

/** Returns the value as JSON on one line, without characters that a terminal would interpret. */
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
