/**
 * Downloads into a file by processes that are killed at random moments and run again until one of them is done. What must
 * hold: the file is as it was before or the whole object, at any time; in the end it is the object, and nothing lies beside it.
 */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openStore, type OssStoreOptions } from '../../../src/index.js'
import { someBytes } from '../../support/bytes.js'
import { PROGRAM_OPTIONS, programOf } from '../../support/project.js'
import { randomOf } from '../../support/random.js'

/** What a process is to do, as JSON in its first argument. */
export interface ReadKillTask {
  store: OssStoreOptions
  key: string
  file: string
  partSize: number
  concurrency: number
}

export interface ReadKillReport {
  rounds: number
  kills: number
  /** Runs that went on with what an earlier one had written. */
  resumed: number
  resumedBytes: number
  /** Processes killed when the file was in its place, but the checkpoint still there. */
  published: number
  /** Objects that were replaced between two runs. */
  replaced: number
}

const KiB = 1024
const BEFORE = Buffer.from('what was there before')

export async function killDownloads(rounds: number, seed: number): Promise<ReadKillReport> {
  const folder = await mkdtemp(path.join(tmpdir(), 'oss-upload-stream-'))
  const server = fork(programOf('test/chaos/kill-store.ts'), { execArgv: [...PROGRAM_OPTIONS] })
  const report: ReadKillReport = { rounds: 0, kills: 0, resumed: 0, resumedBytes: 0, published: 0, replaced: 0 }
  try {
    const [options] = (await once(server, 'message')) as [OssStoreOptions]
    for (; report.rounds < rounds; report.rounds += 1) {
      const roundSeed = seed + report.rounds
      await round({ ...options, bucket: 'kills' }, folder, roundSeed, report).catch((error: unknown) => {
        throw new Error(`round ${report.rounds}, seed ${roundSeed}`, { cause: error })
      })
    }
    return report
  } finally {
    server.disconnect()
    await once(server, 'exit')
    await rm(folder, { recursive: true })
  }
}

async function round(options: OssStoreOptions, folder: string, seed: number, report: ReadKillReport): Promise<void> {
  const random = randomOf(seed)
  const below = (limit: number): number => Math.floor(random() * limit)
  const key = `round ${seed}`
  let bytes = someBytes((1024 + below(3072)) * KiB + below(1000), seed + 1)
  const file = path.join(folder, 'target')
  await using store = openStore(options)
  await store.upload(key, bytes)
  await writeFile(file, BEFORE)
  const task: ReadKillTask = {
    store: { ...options, downloadBandwidthLimit: (1 + below(6)) * 1024 * KiB },
    key,
    file,
    partSize: (64 + below(200)) * KiB,
    concurrency: 1 + below(4),
  }
  const objects = [bytes]
  const isWhole = async (): Promise<boolean> => {
    const found = await readFile(file)
    const isObject = objects.some((object) => object.equals(found))
    assert.ok(isObject || found.equals(BEFORE), 'the file is neither what it was nor the object')
    return isObject
  }
  const kills = 1 + below(4)
  for (let i = 0; i < kills; i += 1) {
    const isKilled = await run(task, report, { bytes: below(bytes.length), ms: below(30) })
    const isPublished = await isWhole()
    if (!isKilled) break
    report.kills += 1
    if (isPublished) report.published += 1
    if (random() > 0.2) continue
    bytes = someBytes(bytes.length - below(1000), below(1e9))
    objects.push(bytes)
    await store.upload(key, bytes)
    report.replaced += 1
  }
  assert.equal(await run(task, report, undefined), false)
  assert.ok(bytes.equals(await readFile(file)), 'the file is not the object')
  assert.deepEqual(await readdir(folder), ['target'])
}

/** Resolves with whether the process was killed: once so many bytes are written, and then a while. */
async function run(
  task: ReadKillTask,
  report: ReadKillReport,
  kill: { bytes: number; ms: number } | undefined,
): Promise<boolean> {
  const child = fork(programOf('test/chaos/reading/file-download.ts'), [JSON.stringify(task)], {
    execArgv: [...PROGRAM_OPTIONS],
  })
  let isDone = false
  let isDue = kill !== undefined
  child.on('message', ({ event, bytes }: { event: string; bytes: number }) => {
    if (event === 'done') isDone = true
    if (event === 'resumed') {
      report.resumed += 1
      report.resumedBytes += bytes
    }
    // The file is read anew where it was published already, and the object was replaced.
    assert.notEqual(event, 'record-damaged')
    if (!isDue || kill === undefined || bytes < kill.bytes) return
    isDue = false
    void sleep(kill.ms).then(() => child.kill('SIGKILL'))
  })
  const [[code, signal]] = (await Promise.all([once(child, 'exit'), once(child, 'disconnect')])) as [
    [number | null, NodeJS.Signals | null],
    unknown,
  ]
  if (signal === 'SIGKILL') return !isDone
  assert.equal(code, 0, 'the process that downloads failed')
  return false
}

/** In a line. */
export function describeReadKills(report: ReadKillReport): string {
  const { rounds, kills, resumed, resumedBytes, published, replaced } = report
  return `${rounds} rounds, ${kills} kills, ${resumed} times resumed with ${resumedBytes} bytes, ${published} killed between publishing and removing the record, ${replaced} objects replaced`
}
