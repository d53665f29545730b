/** Suggests the word that was most likely meant. */

/** Longer words are unlikely to be typing errors, and comparing them takes time. */
const LONGEST_WORD = 64

/** Returns `; did you mean …?` with the closest of the known words behind `prefix`; an empty text if none is close. */
export function suggestionFor(word: string, known: readonly string[], prefix = ''): string {
  if (word.length > LONGEST_WORD) return ''
  const [best] = known
    .map((name) => ({ name, distance: distanceOf(word, name) }))
    .sort((a, b) => a.distance - b.distance)
  const limit = Math.max(1, Math.floor(word.length / 3))
  return best === undefined || best.distance > limit ? '' : `; did you mean ${prefix}${best.name}?`
}

/** How many letters must be added, removed, replaced or swapped with their neighbour. */
function distanceOf(a: string, b: string): number {
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const isSame = a[row - 1] === b[column - 1]
      const isSwapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      current[column] = Math.min(
        (previous[column] ?? Infinity) + 1,
        (current[column - 1] ?? Infinity) + 1,
        (previous[column - 1] ?? Infinity) + (isSame ? 0 : 1),
        isSwapped ? (before[column - 2] ?? Infinity) + 1 : Infinity,
      )
    }
    before = previous
    previous = current
  }
  return previous[b.length] ?? Infinity
}
