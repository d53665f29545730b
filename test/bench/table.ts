/** Rows of text under their titles; the first column to the left, figures to the right. */
export function formatTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = titles.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    widths
      .map((width, column) => (column === 0 ? (cells[0] ?? '').padEnd(width) : (cells[column] ?? '').padStart(width)))
      .join('  ')
      .trimEnd()
  return [line(titles), ...rows.map(line)].join('\n')
}

/** A figure as a multiple of another; nothing where there is none. */
export function times(value: number, base: number | undefined): string {
  return base === undefined ? '' : `${(value / base).toFixed(2)} x`
}
