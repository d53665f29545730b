/** Parses and formats sizes such as `8MiB` and `1.5 GiB`. */
import { usageFailure } from '../process/failure.js'

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const
const DECIMAL_UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'] as const

/** `8MiB`, `8M` and `8m` are 1024 based, `8MB` is 1000 based; a number alone is bytes. */
export function parseByteSize(name: string, text: string): number {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text) ?? []
  const factor = factorOf(unit.toLowerCase())
  const bytes = factor === undefined || digits === '' ? NaN : Math.round(Number(digits) * factor)
  if (Number.isSafeInteger(bytes)) return bytes
  throw usageFailure(`--${name} must be a size such as 8MiB, 100KiB, 2GB or 1048576 (got ${JSON.stringify(text)})`)
}

function factorOf(unit: string): number | undefined {
  if (unit === '') return 1
  const decimal = DECIMAL_UNITS.findIndex((name) => name.toLowerCase() === unit)
  if (decimal >= 0) return 1000 ** decimal
  const binary = UNITS.findIndex((name) => [name.toLowerCase(), name.charAt(0).toLowerCase()].includes(unit))
  return binary < 0 ? undefined : 1024 ** binary
}

/** Three significant digits, never wider than `1023 MiB`, so that columns do not move. */
export function formatByteSize(bytes: number): string {
  const { factor, digits, unit } = scaleOf(bytes)
  return `${(bytes / factor).toFixed(digits)} ${unit}`
}

/** Formats a share of a total in the unit and the width of the total: `0.02/1.50 GiB`. */
export function formatShare(bytes: number, total: number): string {
  const { factor, digits, unit } = scaleOf(total)
  const whole = (total / factor).toFixed(digits)
  return `${(bytes / factor).toFixed(digits).padStart(whole.length)}/${whole} ${unit}`
}

function scaleOf(bytes: number): { factor: number; digits: number; unit: string } {
  let value = bytes
  let index = 0
  while (value >= 1023.5 && index < UNITS.length - 1) {
    value /= 1024
    index += 1
  }
  const digits = index === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
  return { factor: 1024 ** index, digits, unit: UNITS[index] ?? '' }
}
