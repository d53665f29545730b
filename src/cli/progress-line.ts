/** How far a transfer is, on one line of a terminal: the more room there is, the more it tells. */
import { formatByteSize } from './byte-sizes.js'
import { formatClock } from './durations.js'
import type { TransferFacts } from './transfer-facts.js'

const BAR_MIN = 10
const BAR_MAX = 30
const GAP = '  '

/** A piece of the line. Of two that do not both fit, the one with the lower rank stays. */
interface Piece {
  rank: number
  text: string
}

/** At most `width` characters, all of them ASCII: their widths are the same on every terminal. */
export function progressLine(facts: TransferFacts, width: number, label = ''): string {
  const { bytes, total } = facts
  const share = total === undefined || total === 0 ? undefined : bytes / total
  const bar: Piece = { rank: 5, text: share === undefined ? '' : barOf(share, BAR_MIN) }
  const pieces = [bar, ...piecesOf(facts, label)].filter(({ text }) => text !== '')
  const chosen = fitting(pieces, width)
  const line = chosen.map(({ text }) => text).join(GAP)
  if (share === undefined || chosen[0] !== bar) return line.slice(0, width)
  // What room is left makes the bar longer.
  const cells = Math.min(BAR_MIN + width - line.length, BAR_MAX)
  return barOf(share, cells) + line.slice(bar.text.length)
}

/** `[======>     ]`; `share` may be above 1 when a stream turns out longer than expected. */
export function barOf(share: number, cells: number): string {
  const done = Math.min(Math.max(Math.floor(share * cells), 0), cells)
  const head = done < cells ? '>' : ''
  return `[${'='.repeat(done)}${head}${' '.repeat(cells - done - head.length)}]`
}

function piecesOf(facts: TransferFacts, label: string): Piece[] {
  const { bytes, total, verb, elapsedMs, rateNow, rateMean, retries, held = 0, slowSide } = facts
  const { partsDone, partsInFlight } = facts
  const size = formatByteSize(bytes)
  const left = timeLeft(facts)
  return [
    { rank: 6, text: label },
    { rank: 2, text: total === undefined || total === 0 ? '' : `${percentOf(bytes, total)}%` },
    { rank: 1, text: total === undefined ? `${size} ${verb}` : `${size} of ${formatByteSize(total)}` },
    { rank: 3, text: `${formatByteSize(rateNow)}/s` },
    { rank: 8, text: `mean ${formatByteSize(rateMean)}/s` },
    { rank: 4, text: formatClock(elapsedMs) },
    { rank: 6, text: left === undefined ? '' : `${formatClock(left)} left` },
    { rank: 7, text: partsText(partsDone, partsInFlight) },
    { rank: 6, text: retries === 0 ? '' : `${retries} ${retries === 1 ? 'retry' : 'retries'}` },
    { rank: 9, text: slowSide === undefined ? '' : `slow: ${slowSide}` },
    { rank: 10, text: held === 0 ? '' : `${formatByteSize(held)} held` },
  ]
}

/** As many as fit, by rank, in the order of the line; a later one that is shorter may take the place of one left out. */
function fitting(pieces: readonly Piece[], width: number): Piece[] {
  const chosen = new Set<Piece>()
  let used = -GAP.length
  for (const piece of [...pieces].sort((a, b) => a.rank - b.rank)) {
    const cost = GAP.length + piece.text.length
    if (chosen.size > 0 && used + cost > width) continue
    chosen.add(piece)
    used += cost
  }
  return pieces.filter((piece) => chosen.has(piece))
}

function partsText(done: number | undefined, inFlight: number | undefined): string {
  if (done === undefined || inFlight === undefined || done + inFlight === 0) return ''
  return inFlight === 0 ? `${done} parts` : `${done}+${inFlight} parts`
}

/** Never 100 before it is all there. */
function percentOf(bytes: number, total: number): string {
  const percent = Math.floor((bytes / total) * 100)
  return String(bytes < total ? Math.min(percent, 99) : percent).padStart(2)
}

function timeLeft({ bytes, total, rateMean }: TransferFacts): number | undefined {
  if (total === undefined || bytes >= total || rateMean <= 0) return undefined
  const ms = ((total - bytes) / rateMean) * 1000
  return ms < 100 * 86_400_000 ? ms : undefined
}
