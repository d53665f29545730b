/**
 * Checks documents in the folder. They may be damaged or forged: no name in them may refer to a file outside the
 * folder, or to one that the emulator did not write.
 */

/** The format of the names from `randomName`. */
const RANDOM_NAME = /^[0-9a-f]{24}$/

export function isDataFileName(name: unknown): boolean {
  return typeof name === 'string' && RANDOM_NAME.test(name)
}

/** Returns the document with its type. Throws an error with the path if texts or data files are missing. */
export function checkDocument<T>(path: string, value: unknown, texts: readonly (keyof T & string)[]): T {
  if (hasTexts(value, texts)) return value as T
  throw new Error(`${path} is not a document that the emulator wrote; move it out of the folder`)
}

export function hasDataFiles(value: unknown): boolean {
  const files: unknown = isObject(value) ? value['files'] : undefined
  return Array.isArray(files) && files.every((file) => isObject(file) && isDataFileName(file['name']))
}

function hasTexts(value: unknown, texts: readonly string[]): boolean {
  return isObject(value) && texts.every((name) => typeof value[name] === 'string')
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
