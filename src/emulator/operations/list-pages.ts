/** Divides a sorted list into pages, and groups keys by a delimiter into common prefixes. */

export interface PageQuery<Entry> {
  readonly prefix: string
  /** Empty if none. */
  readonly delimiter: string
  readonly maxEntries: number
  readonly keyOf: (entry: Entry) => string
  /** Returns whether an entry comes after the end of the last page. */
  readonly isAfterMarker: (entry: Entry) => boolean
  /** The key or common prefix that the last page ended with; empty on the first one. */
  readonly marker: string
}

type PageItem<Entry> = { type: 'entry'; entry: Entry } | { type: 'prefix'; prefix: string }

export interface Page<Entry> {
  readonly items: readonly PageItem<Entry>[]
  readonly isTruncated: boolean
}

/** `entries` are sorted by key. */
export function pageOf<Entry>(entries: readonly Entry[], query: PageQuery<Entry>): Page<Entry> {
  const { prefix, delimiter, maxEntries, keyOf, isAfterMarker, marker } = query
  const items: PageItem<Entry>[] = []
  // For a page size of 0 the services return an empty page that is not truncated.
  if (maxEntries === 0) return { items, isTruncated: false }
  let lastPrefix: string | undefined
  for (const entry of entries) {
    const key = keyOf(entry)
    if (!key.startsWith(prefix) || !isAfterMarker(entry)) continue
    const common = commonPrefix(key, prefix, delimiter)
    if (common !== undefined && (common === lastPrefix || common === marker)) continue
    if (items.length === maxEntries) return { items, isTruncated: true }
    lastPrefix = common
    items.push(common === undefined ? { type: 'entry', entry } : { type: 'prefix', prefix: common })
  }
  return { items, isTruncated: false }
}

function commonPrefix(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === '') return undefined
  const end = key.indexOf(delimiter, prefix.length)
  return end < 0 ? undefined : key.slice(0, end + delimiter.length)
}
