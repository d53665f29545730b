/** Headers with case-insensitive names. */

export type Headers = Readonly<Record<string, string>>

/** Merges headers. Of those with the same name, ignoring case, the last one is used. */
export function mergeHeaders(...sets: readonly Headers[]): Record<string, string> {
  const merged = new Map<string, [name: string, value: string]>()
  for (const [name, value] of sets.flatMap((headers) => Object.entries(headers))) {
    merged.set(name.toLowerCase(), [name, value])
  }
  return Object.fromEntries(merged.values())
}
