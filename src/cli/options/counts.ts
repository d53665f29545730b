/** Formats numbers with their nouns: `1 part`, `1,234 parts`. */

/** Between digits that an exact number of threes follows. `Intl.NumberFormat` takes 11 ms of every start. */
const THOUSANDS = /\B(?=(?:\d{3})+$)/g

export function formatCount(count: number): string {
  return String(count).replace(THOUSANDS, ',')
}

/** A number with what it counts. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}
