/**
 * Checks of documents found in the folder. Somebody else may have prepared or damaged them: no name in them may lead out
 * of the folder, or to a file that is not the emulator's.
 */

/** The names that `randomName` makes. */
const RANDOM_NAME = /^[0-9a-f]{24}$/

export function isDataFileName(name: unknown): boolean {
  return typeof name === 'string' && RANDOM_NAME.test(name)
}

/** Returns the document as what it is to be. Throws an error that names the file where texts or data files are missing. */
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
