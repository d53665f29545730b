/** `npm run test:chaos -- --runs 2000 --seed 1 --way command`, or `--way download`: many runs, and the seed that reproduces a failure. */
import { parseArgs } from 'node:util'
import { uploading } from './carry-out.js'
import { chaos } from './chaos.js'
import { WAYS } from './plan.js'
import { READING } from './reading/read-out.js'

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '500' }, seed: { type: 'string' }, way: { type: 'string', default: '' } },
})
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
const ways = WAYS.filter((way) => way.includes(values.way))
const subjects = [
  ...(ways.length === 0 ? [] : [{ name: 'uploads', run: (runs: number) => chaos(uploading(ways), runs, seed) }]),
  ...('download'.includes(values.way)
    ? [{ name: 'downloads', run: (runs: number) => chaos(READING, runs, seed) }]
    : []),
]
for (const { name, run } of subjects) {
  console.log(`${values.runs} ${name}, seed ${seed}`)
  const { runs, stored, failed } = await run(Number(values.runs))
  console.log(`${runs} runs without a violation: ${stored} whole and verified, ${runs - stored} failed cleanly`)
  for (const [code, count] of [...failed].sort((a, b) => b[1] - a[1])) console.log(`  ${count} × ${code}`)
}
