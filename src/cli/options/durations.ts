/** Parses and formats durations. */
import { usageFailure } from '../process/failure.js'

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** `90s`, `30m`, `24h`, `7d`, `2w`, in milliseconds. */
export function parseDuration(name: string, text: string): number {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?) ?([a-z])$/i.exec(text) ?? []
  const seconds = SECONDS[unit.toLowerCase()]
  if (digits === '' || seconds === undefined) {
    throw usageFailure(`--${name} must be a time such as 90s, 30m, 24h or 7d (got ${JSON.stringify(text)})`)
  }
  return Number(digits) * seconds * 1000
}

/** Formats a duration as a clock: `0:07`, `12:34`, `1:02:03`, and from two days on `2d 3:04:05`. */
export function formatClock(ms: number): string {
  const total = Math.floor(Math.max(ms, 0) / 1000)
  const two = (value: number) => String(value).padStart(2, '0')
  const days = Math.floor(total / 86_400)
  const hours = Math.floor(total / 3600) % 24
  const minutes = Math.floor(total / 60) % 60
  const seconds = total % 60
  if (days > 0) return `${days}d ${hours}:${two(minutes)}:${two(seconds)}`
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`
}

/** Formats a duration in its largest unit: `12s`, `5m`, `26h`, `9d`. */
export function formatAge(ms: number): string {
  const seconds = Math.floor(Math.max(ms, 0) / 1000)
  if (seconds < 120) return `${seconds}s`
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`
}

/** Formats a duration for a summary: `0.42 s`, `12.3 s`, then as a clock. */
export function formatSeconds(ms: number): string {
  if (ms >= 60_000) return formatClock(ms)
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`
}
