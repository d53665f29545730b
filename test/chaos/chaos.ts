/** Many plans against one emulator, and what must hold for the process when each of them is over. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { type Emulator, startEmulator } from '../../src/emulator/index.js'
import { someBytes } from '../support/bytes.js'

/** All sources are beginnings of it. */
export const SOURCE: Buffer = someBytes(1024 * 1024, 7)

/** Temporary ones, whose secrets look different in a URL. */
const CREDENTIALS = {
  accessKeyId: 'chaosAccessKeyId',
  accessKeySecret: 'chaosSecret/of+thirty-characters',
  securityToken: 'chaosToken/of+its=own,which~is/longer+than/the=secret',
}

/** What is done among faults. */
export interface ChaosSubject<Plan> {
  plans: fc.Arbitrary<Plan>
  /** Resolves with how the plan ended; throws where something did not hold. `file` holds `SOURCE`. */
  carryOut: (plan: Plan, emulator: Emulator, key: string, file: string) => Promise<ChaosOutcome>
}

export type ChaosOutcome = { stored: true } | { stored: false; error: Error }

export interface ChaosReport {
  runs: number
  /** An upload that is stored, or a download that is read. */
  stored: number
  /** Failures by the code of their error. */
  failed: Map<string, number>
}

/**
 * Throws with the plan, the seed and the path of the first run in which something did not hold. With that `path` the run is
 * repeated alone.
 */
export async function chaos<Plan>(
  { plans, carryOut }: ChaosSubject<Plan>,
  runs: number,
  seed: number,
  path?: string,
): Promise<ChaosReport> {
  const report: ChaosReport = { runs: 0, stored: 0, failed: new Map() }
  const unhandled: unknown[] = []
  const onUnhandled = (error: unknown): void => void unhandled.push(error)
  process.on('unhandledRejection', onUnhandled)
  const emulator = await startEmulator({ credentials: CREDENTIALS })
  const folder = await mkdtemp(join(tmpdir(), 'oss-upload-stream-chaos-'))
  const file = join(folder, 'source')
  await writeFile(file, SOURCE)
  const timersBefore = resources('Timeout')
  // Standard streams of this process may be pipes.
  const pipesBefore = resources('PipeWrap')
  try {
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        report.runs += 1
        const outcome = await ending(carryOut(plan, emulator, `object ${report.runs}`, file))
        if (outcome.stored) report.stored += 1
        else {
          const code = (outcome.error as { code?: string }).code ?? outcome.error.constructor.name
          report.failed.set(code, (report.failed.get(code) ?? 0) + 1)
        }
        // A stalled server does not notice that its client disconnects, so its own connections do not count.
        await eventually(() => resources('TCPSocketWrap') <= emulator.openConnections, 'sockets are still open')
        await eventually(() => resources('PipeWrap') <= pipesBefore, 'pipes are still open')
        await eventually(() => resources('ProcessWrap') === 0, 'processes are still running')
        await eventually(() => resources('Timeout') <= timersBefore, 'timers are still running')
        assert.deepEqual(unhandled, [], 'a rejection was not handled')
      }),
      { seed, endOnFailure: true, ...(path === undefined ? { numRuns: runs } : { numRuns: 1, path }) },
    )
  } finally {
    await emulator.close()
    await rm(folder, { recursive: true, force: true })
    process.off('unhandledRejection', onUnhandled)
  }
  return report
}

/** Whatever happens, it comes to an end. */
async function ending<T>(promise: Promise<T>): Promise<T> {
  return Promise.race([
    promise,
    new Promise<never>((_resolve, reject) => {
      setTimeout(() => reject(new Error('it does not come to an end')), 30_000).unref()
    }),
  ])
}

function resources(kind: string): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === kind).length
}

async function eventually(holds: () => boolean, message: string): Promise<void> {
  for (let i = 0; i < 300; i += 1) {
    if (holds()) return
    await sleep(10)
  }
  assert.fail(message)
}
