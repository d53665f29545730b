/** Turns of several contenders at the same job, one after the other, so that a busy machine slows all alike. */
import { closeSync, openSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import type { Contender, UploadKind } from './contender.js'
import type { Cost, Job } from './job.js'
import type { Receivers } from './receiver/receivers.js'
import { runContender } from './run-contender.js'
import type { SuiteTools } from './suite.js'

export interface Setting {
  /** What the contenders do, all alike. */
  job: Omit<Job, 'contender' | 'kind' | 'file' | 'endpoint'>
  /** What they are given; by default what each takes a large object from. */
  kind?: UploadKind
  tls: boolean
  delayMs: number
  runs: number
}

/** What all turns of one contender cost, and why it had no more of them. */
export interface Outcome {
  contender: Contender
  costs: Cost[]
  failure?: string
}

export async function measure(
  contenders: readonly Contender[],
  setting: Setting,
  { receivers, folder, onTurn }: SuiteTools,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = contenders.map((contender) => ({ contender, costs: [] }))
  for (let run = 1; run <= setting.runs; run += 1) {
    for (const outcome of outcomes.filter(({ failure }) => failure === undefined)) {
      const { contender, costs } = outcome
      onTurn(contender.name, run)
      try {
        costs.push(await turn(contender, setting, receivers, folder))
      } catch (error) {
        outcome.failure = error instanceof Error ? error.message : String(error)
      }
    }
  }
  return outcomes
}

async function turn(contender: Contender, setting: Setting, receivers: Receivers, folder: string): Promise<Cost> {
  const { job, kind = contender.from, tls, delayMs } = setting
  const { endpoint, caFile, stats } = await receivers.get({ checksums: contender.isVerified, delayMs, tls })
  const file = kind === 'file' ? fileOf(job.size, folder) : ''
  const before = await stats()
  const cost = await runContender({ ...job, contender: contender.name, kind, file, endpoint }, caFile)
  const after = await stats()
  if (before === undefined || after === undefined) return cost
  const arrived = after.bytes - before.bytes
  if (arrived < job.size * job.objects) throw new Error(`only ${arrived} bytes arrived`)
  const receiverSeconds = after.cpuSeconds && before.cpuSeconds && after.cpuSeconds - before.cpuSeconds
  return { ...cost, receiverSeconds }
}

/** A hole with an end: reading it takes no disk, which is to the good of those that read it. */
function fileOf(size: number, folder: string): string {
  const path = join(folder, `object-of-${size}`)
  closeSync(openSync(path, 'a'))
  truncateSync(path, size)
  return path
}
