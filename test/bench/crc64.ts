/**
 * What a CRC-64 costs, in CPU-seconds per GiB, for every way to compute one. Each runs in a process of its own, for what
 * one loads slows the others; they take turns, so that a busy machine slows all alike. A figure is the median of the turns.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { programOf } from '../support/project.js'

const TURNS = 7
const MIB = 1024 * 1024

const CONTENDER = programOf('test/bench/crc64-contender.ts')

const sections = {
  'where they lie': ['rings', 'crc64-ecma182', 'crc64-ecma182.js', 'our table', 'md5'],
  'to be sent': ['copy and rings', 'copy and crc64-ecma182', 'plain copy'],
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN
}

async function compare(title: string, names: string[], partSize: number): Promise<void> {
  const rows = names.map((name) => ({ name, child: fork(CONTENDER, [name, String(partSize)]), costs: [] as number[] }))
  const crcs = new Set<string>()
  // The first turn is for the compilers of JavaScript and WebAssembly, which improve what has run for a while.
  for (let turn = 0; turn <= TURNS; turn++) {
    for (const { child, costs } of rows) {
      child.send('turn')
      const [{ cost, crc }] = (await once(child, 'message')) as [{ cost: number; crc: string }]
      if (turn > 0) costs.push(cost)
      if (/^\d+$/.test(crc)) crcs.add(crc)
    }
  }
  for (const { child } of rows) child.disconnect()
  if (crcs.size !== 1) throw new Error(`the CRCs differ: ${[...crcs].join(', ')}`)

  console.log(`\n${title.padEnd(32)}CPU-s/GiB  (least - most)   times the rings`)
  const byRings = median(rows[0]?.costs ?? [])
  for (const { name, costs } of rows) {
    const cost = median(costs)
    const range = `(${Math.min(...costs).toFixed(3)} - ${Math.max(...costs).toFixed(3)})`
    console.log(`${name.padEnd(32)}${cost.toFixed(3).padStart(9)}  ${range}${(cost / byRings).toFixed(2).padStart(18)}`)
  }
}

for (const mebibytes of [8, 1]) {
  for (const [title, names] of Object.entries(sections)) {
    await compare(`parts of ${mebibytes} MiB, ${title}`, names, mebibytes * MIB)
  }
}
