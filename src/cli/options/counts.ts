/** Numbers as people read them: `1 part`, `1,234 parts`. */

const FORMAT = new Intl.NumberFormat('en-US')

export function formatCount(count: number): string {
  return FORMAT.format(count)
}

/** A number with what it counts. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}
