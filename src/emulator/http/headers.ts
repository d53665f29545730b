/** Headers whose names are compared as HTTP compares them. */

export type Headers = Readonly<Record<string, string>>

/** All of them; of those that differ in case only, or not at all, the last. */
export function mergeHeaders(...sets: readonly Headers[]): Record<string, string> {
  const merged = new Map<string, [name: string, value: string]>()
  for (const [name, value] of sets.flatMap((headers) => Object.entries(headers))) {
    merged.set(name.toLowerCase(), [name, value])
  }
  return Object.fromEntries(merged.values())
}
