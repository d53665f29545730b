/** Formats columns as wide as their content, with numbers aligned right. */
import { printable } from '../process/printable.js'

export interface Column {
  title: string
  isNumber?: boolean
}

/** Ignores cells that have no column. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => row.slice(0, columns.length).map(printable))]
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => cellsOf(row[index] ?? ''))))
  return cells.map((row) =>
    row
      .map((cell, index) => {
        const padding = ' '.repeat((widths[index] ?? 0) - cellsOf(cell))
        return columns[index]?.isNumber === true ? padding + cell : cell + padding
      })
      .join('  ')
      .trimEnd(),
  )
}

/** Returns the width in columns of a terminal: ideographs take two, combining marks none. */
function cellsOf(text: string): number {
  let cells = 0
  for (const character of text) {
    if (/\p{M}/u.test(character)) continue
    cells +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u.test(
        character,
      )
        ? 2
        : 1
  }
  return cells
}
