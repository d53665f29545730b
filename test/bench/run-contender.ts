import { fork } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { programOf } from '../support/project.js'
import type { Cost, Job } from './job.js'

const PROCESS = programOf('test/bench/contender-process.ts')

/** What a job costs in a fresh process. Rejects with what the contender said where it failed. */
export async function runContender(job: Job, caFile: string | undefined): Promise<Cost> {
  // Others say on which Node they will not run one day.
  const env: NodeJS.ProcessEnv = { ...process.env, NODE_NO_WARNINGS: '1' }
  // Where this runs as a test: counting what is covered would cost more than the upload.
  delete env['NODE_V8_COVERAGE']
  // Everybody trusts the receiver's certificate in the same way, and still verifies it.
  if (caFile !== undefined) Object.assign(env, { NODE_EXTRA_CA_CERTS: caFile, SSL_CERT_FILE: caFile })
  const child = fork(PROCESS, [JSON.stringify(job)], { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  let result: Cost | { failure: string } | undefined
  child.on('message', (message) => (result = message as Cost | { failure: string }))
  const [code] = (await once(child, 'close')) as [number | null]
  if (result === undefined) throw new Error(`ended with code ${code}`)
  if ('failure' in result) throw new Error(result.failure)
  return result
}
