/**
 * Formats the progress of a transfer as one line of a terminal; a wider terminal shows more. Values that change often have
 * a fixed width, so that nothing moves.
 */
import { formatByteSize, formatShare } from '../options/byte-sizes.js'
import { countOf } from '../options/counts.js'
import { formatClock } from '../options/durations.js'
import type { TransferFacts } from './transfer-facts.js'

const BAR_MIN = 8
const BAR_MAX = 30
const GAP = '  '

/** A field of the line. If two do not both fit, the one with the lower rank stays. */
interface Field {
  rank: number
  text: string
}

/** At most `width` characters, all of them ASCII: their widths are the same on every terminal. */
export function progressLine(facts: TransferFacts, width: number, label = ''): string {
  const share = shareOf(facts)
  const bar: Field = { rank: 7, text: share === undefined ? '' : barOf(share, BAR_MIN) }
  const fields = [{ rank: 7, text: label }, bar, ...fieldsOf(facts)].filter(({ text }) => text !== '')
  const chosen = fitting(fields, width)
  const used = lengthOf(chosen)
  // The bar uses the remaining width.
  if (share !== undefined) bar.text = barOf(share, Math.min(BAR_MIN + Math.max(width - used, 0), BAR_MAX))
  const line = chosen.map(({ text }) => text).join(GAP)
  return line.slice(0, width).trimEnd()
}

/** `[======>     ]`; `share` may be above 1 when a stream turns out longer than expected. */
export function barOf(share: number, cells: number): string {
  const done = Math.min(Math.max(Math.floor(share * cells), 0), cells)
  const head = done < cells ? '>' : ''
  return `[${'='.repeat(done)}${head}${' '.repeat(cells - done - head.length)}]`
}

/** The share of the bytes sent. Bytes that were only read say nothing about the work that remains. */
function shareOf({ bytes, total, verb }: TransferFacts): number | undefined {
  if (total === undefined || total === 0) return undefined
  return verb === 'read' ? 0 : bytes / total
}

function fieldsOf(facts: TransferFacts): Field[] {
  const { elapsedMs, rateNow, rateMean, retries, held, slowSide, partsDone, partsInFlight = 0, waitsMs } = facts
  const share = shareOf(facts)
  return [
    { rank: 2, text: share === undefined ? '' : `${percentOf(share)}%` },
    { rank: 1, text: amountOf(facts) },
    { rank: 3, text: rateOf(rateNow) },
    { rank: 3, text: waitsMs === undefined ? '' : `service away, ${formatClock(waitsMs)} to wait` },
    { rank: 10, text: `mean ${rateOf(rateMean)}` },
    { rank: 5, text: formatClock(elapsedMs).padStart(5) },
    { rank: 4, text: share === undefined ? '' : `${timeLeft(facts).padStart(5)} left` },
    { rank: 8, text: partsDone === undefined ? '' : `${`${partsDone}+${partsInFlight}`.padStart(5)} parts` },
    { rank: 6, text: retries === 0 ? '' : countOf(retries, 'retry', 'retries') },
    { rank: 9, text: slowSide === undefined ? '' : `slow: ${slowSide.padEnd('network'.length)}` },
    { rank: 11, text: held === undefined ? '' : `${sizeOf(held)} held` },
  ]
}

/** Returns as many fields as fit, by rank, in the order of the line. A shorter field may be shown in place of one that does not fit. */
function fitting(fields: readonly Field[], width: number): Field[] {
  let chosen: Field[] = []
  for (const field of [...fields].sort((a, b) => a.rank - b.rank)) {
    const longer = fields.filter((one) => one === field || chosen.includes(one))
    if (chosen.length === 0 || lengthOf(longer) <= width) chosen = longer
  }
  return chosen
}

function lengthOf(fields: readonly Field[]): number {
  return fields.reduce((sum, { text }) => sum + text.length, GAP.length * (fields.length - 1))
}

function amountOf({ bytes, total, verb }: TransferFacts): string {
  if (total === undefined || total === 0 || verb === 'read') return `${sizeOf(bytes)} ${verb}`
  return formatShare(bytes, total)
}

function sizeOf(bytes: number): string {
  return formatByteSize(bytes).padStart('1023 MiB'.length)
}

function rateOf(rate: number): string {
  return `${sizeOf(rate)}/s`
}

/** Returns 100 only when the transfer is complete. */
function percentOf(share: number): string {
  const percent = Math.floor(share * 100)
  return String(share < 1 ? Math.min(percent, 99) : percent).padStart(3)
}

/** Returns the remaining time at the current rate, or a placeholder if it is unknown. */
function timeLeft({ bytes, total = 0, verb, rateMean }: TransferFacts): string {
  const ms = verb === 'read' ? Infinity : (Math.max(total - bytes, 0) / rateMean) * 1000
  return ms < 100 * 86_400_000 ? formatClock(ms) : '-:--'
}
