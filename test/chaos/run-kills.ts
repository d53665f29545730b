/** `npm run test:kills -- --rounds 50 --seed 1`: many rounds, and the seed that begins them again. */
import { parseArgs } from 'node:util'
import { describeKills, FILED, killRounds, PIPED } from './kill-rounds.js'
import { describeReadKills, killDownloads } from './reading/kill-downloads.js'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '50' }, seed: { type: 'string' } },
})
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
for (const [what, subject] of [
  ['a piped upload', PIPED],
  ['the upload of a file', FILED],
] as const) {
  console.log(`${what}, seed ${seed}`)
  console.log(`  ${describeKills(await killRounds(subject, Number(values.rounds), seed))}`)
}
console.log(`downloads into a file, seed ${seed}`)
console.log(`  ${describeReadKills(await killDownloads(Number(values.rounds), seed))}`)
