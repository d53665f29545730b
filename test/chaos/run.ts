/** `npm run test:chaos -- --runs 2000 --seed 1 --way command`: many runs, and the seed that reproduces a failure. */
import { parseArgs } from 'node:util'
import { chaos } from './chaos.js'
import { WAYS } from './plan.js'

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '500' }, seed: { type: 'string' }, way: { type: 'string', default: '' } },
})
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
console.log(`${values.runs} runs, seed ${seed}`)
const { runs, stored, failed } = await chaos(
  Number(values.runs),
  seed,
  WAYS.filter((way) => way.includes(values.way)),
)
console.log(`${runs} runs without a violation: ${stored} stored and verified, ${runs - stored} failed cleanly`)
for (const [code, count] of [...failed].sort((a, b) => b[1] - a[1])) console.log(`  ${count} × ${code}`)
