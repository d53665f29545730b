/** Maps the option names of the library to those of the command. */

/** Returns a line such as `maxMemory is --max-memory here` where a message names options that the command has. */
export function optionNamesIn(message: string, known: readonly string[]): string[] {
  const words = new Set(message.match(/\b[a-z]+(?:[A-Z][a-z]+)+\b/g))
  const named = [...words]
    .map((word) => ({ word, option: word.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`) }))
    .filter(({ option }) => known.includes(option))
  return named.length === 0 ? [] : [`${named.map(({ word, option }) => `${word} is --${option}`).join(', ')} here`]
}
