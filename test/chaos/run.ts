/**
 * `npm run test:chaos -- --runs 2000 --seed 1 --method command`, or any other method: many runs. A failure prints its seed and
 * path; `--path` repeats that run alone.
 */
import { parseArgs } from 'node:util'
import { uploading } from './carry-out.js'
import { chaos, type ChaosReport, type ChaosSubject } from './chaos.js'
import { CRASHES } from './crashes/crashes.js'
import { RESPONSES } from './foreign/responses.js'
import { SOURCES } from './foreign/sources.js'
import { INTERLEAVINGS } from './interleavings/interleaved.js'
import { UPLOAD_METHODS } from './plan.js'
import { READING } from './reading/read-out.js'
import { SOCKETS } from './sockets/through-broken-line.js'
import { VALUES_OF_OPTIONS } from './values.js'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '500' },
    seed: { type: 'string' },
    method: { type: 'string', default: '' },
    path: { type: 'string' },
  },
})
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
const methods = UPLOAD_METHODS.filter((method) => method.includes(values.method))

if (methods.length > 0) await run('uploads', uploading(methods))
if ('download'.includes(values.method)) await run('downloads', READING)
if ('values'.includes(values.method)) await run('calls with options of any values', VALUES_OF_OPTIONS)
if ('responses'.includes(values.method)) await run('calls with foreign values in responses', RESPONSES)
if ('sources'.includes(values.method)) await run('uploads of foreign chunks', SOURCES)
if ('crashes'.includes(values.method)) await run('transfers in processes that end', CRASHES)
if ('sockets'.includes(values.method)) await run('transfers over broken sockets', SOCKETS)
if ('interleavings'.includes(values.method)) await run('interleavings', INTERLEAVINGS)

async function run<Plan>(name: string, subject: ChaosSubject<Plan>): Promise<void> {
  console.log(`${values.runs} ${name}, seed ${seed}`)
  const report: ChaosReport = await chaos(subject, Number(values.runs), seed, values.path)
  const { runs, stored, failed } = report
  console.log(`${runs} runs without a violation: ${stored} whole and verified, ${runs - stored} failed cleanly`)
  for (const [code, count] of [...failed].sort((a, b) => b[1] - a[1])) console.log(`  ${count} × ${code}`)
}
