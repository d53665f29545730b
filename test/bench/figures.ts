/** What the turns of one client come to, and the cells of a table that show it. */
import { median } from './statistics.js'
import { times } from './table.js'

const GIB = 1024 ** 3
const MIB = 1024 ** 2

/** What one turn cost. Sizes in bytes. */
interface Turn {
  cpuSeconds: number
  wallSeconds: number
  peakRss: number
}

/** Medians, and the least and the most CPU time. */
export interface Figures {
  cpuPerGiB: number
  least: number
  most: number
  mibPerSecond: number
  peakMiB: number
}

/** Titles of the cells of `cellsOf`. */
export const TITLES: readonly string[] = ['CPU-s/GiB', '(least - most)', '', 'MiB/s', '', 'peak MiB']

/** Returns the figures of turns in which `size` bytes were transferred. */
export function figuresOf(turns: readonly Turn[], size: number): Figures {
  const cpu = turns.map(({ cpuSeconds }) => cpuSeconds / (size / GIB))
  return {
    cpuPerGiB: median(cpu),
    least: Math.min(...cpu),
    most: Math.max(...cpu),
    mibPerSecond: median(turns.map(({ wallSeconds }) => size / MIB / wallSeconds)),
    peakMiB: median(turns.map(({ peakRss }) => peakRss / MIB)),
  }
}

/** Returns the figures as text, CPU time and throughput also as multiples of those of `base`. */
export function cellsOf({ cpuPerGiB, least, most, mibPerSecond, peakMiB }: Figures, base?: Figures): string[] {
  return [
    cpuPerGiB.toFixed(2),
    `(${least.toFixed(2)} - ${most.toFixed(2)})`,
    times(cpuPerGiB, base?.cpuPerGiB),
    mibPerSecond.toFixed(0),
    times(mibPerSecond, base?.mibPerSecond),
    Number.isNaN(peakMiB) ? '' : peakMiB.toFixed(0),
  ]
}
