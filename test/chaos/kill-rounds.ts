/**
 * Uploads by processes that are killed at random moments and run again until one of them is done. What must hold: the
 * object is the source, nothing is left that has bytes, and no more was sent again than was in flight when a process was
 * killed, and what had changed.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { openStore, type OssStoreOptions, type UploadResult } from '../../src/index.js'
import { readAll, someBytes } from '../support/bytes.js'
import { exists } from '../support/emulated-store.js'
import { PROGRAM_OPTIONS, programOf } from '../support/project.js'
import { randomOf } from '../support/random.js'
import type { ReceivedPart } from './kill-store.js'

/** What a process is to upload, as JSON in its first argument. */
export interface KillTask {
  store: OssStoreOptions
  key: string
  checkpoint: string
  partSize: number
  concurrency: number
  /** Where the source is a file: its path. */
  file?: string
}

/** How a source comes to the process that uploads it. */
export interface KillSubject {
  /** The program, which sends `{ event }` at each of its steps and at the end `{ event: 'done', result }`. */
  program: string
  /** Puts the source where the program finds it, before each run. Default: it is its standard input. */
  provide?(source: Buffer, folder: string): Promise<Pick<KillTask, 'file'>>
  /** Whether the end of the source may be another one in a later run. */
  mayChange: boolean
}

export interface KillReport {
  rounds: number
  kills: number
  /** Runs that went on with what an earlier one had sent. */
  resumed: number
  /** Processes killed when the object was published, but before they said so: the next one sends all of it. */
  published: number
  /** Rounds whose source changed between runs. */
  changed: number
  sourceBytes: number
  /** What came to the store beyond the bytes of the sources, as counted there. */
  resentBytes: number
  /** What was allowed to: parts in flight at the kills, and changed ends. */
  allowedBytes: number
}

export const PIPED: KillSubject = { program: programOf('test/chaos/piped-upload.ts'), mayChange: true }

export const FILED: KillSubject = {
  program: programOf('test/chaos/file-upload.ts'),
  async provide(source, folder) {
    const file = path.join(folder, 'source')
    await writeFile(file, source)
    return { file }
  },
  mayChange: true,
}

const KiB = 1024
const PART = 100 * KiB

interface Message {
  event: string
  /** Why it began anew. */
  reason?: string
  result?: UploadResult
}

export async function killRounds(subject: KillSubject, rounds: number, seed: number): Promise<KillReport> {
  const folder = await mkdtemp(path.join(tmpdir(), 'oss-upload-stream-'))
  const server = fork(programOf('test/chaos/kill-store.ts'), { execArgv: [...PROGRAM_OPTIONS] })
  const report: KillReport = {
    rounds: 0,
    kills: 0,
    resumed: 0,
    published: 0,
    changed: 0,
    sourceBytes: 0,
    resentBytes: 0,
    allowedBytes: 0,
  }
  try {
    const [options] = (await once(server, 'message')) as [OssStoreOptions]
    for (; report.rounds < rounds; report.rounds += 1) {
      const round = new Round(subject, server, options, folder, seed + report.rounds, report)
      await round.run().catch((error: unknown) => {
        throw new Error(`round ${report.rounds}, seed ${seed + report.rounds}`, { cause: error })
      })
    }
    return report
  } finally {
    server.disconnect()
    await once(server, 'exit')
    await rm(folder, { recursive: true })
  }
}

class Round {
  readonly #subject: KillSubject
  readonly #server: ChildProcess
  readonly #folder: string
  readonly #report: KillReport
  readonly #random: () => number
  readonly #task: KillTask
  readonly #parts: number
  #source: Buffer
  #allowed = 0
  /** What the killed processes left: with an object there the next one begins anew, else it never may. */
  #isPublished = false

  constructor(
    subject: KillSubject,
    server: ChildProcess,
    options: OssStoreOptions,
    folder: string,
    seed: number,
    report: KillReport,
  ) {
    this.#subject = subject
    this.#server = server
    this.#folder = folder
    this.#report = report
    this.#random = randomOf(seed)
    this.#parts = 4 + this.#below(20)
    this.#source = someBytes(this.#parts * PART - this.#below(PART), seed + 1)
    this.#task = {
      store: { ...options, bucket: 'kills', bandwidthLimit: (2 + this.#below(20)) * 1024 * KiB },
      key: `round ${seed}`,
      checkpoint: path.join(folder, `${seed}.checkpoint`),
      partSize: PART,
      concurrency: 1 + this.#below(4),
    }
  }

  async run(): Promise<void> {
    const kills = 1 + this.#below(4)
    let outcome: 'killed' | 'done' = 'killed'
    for (let i = 0; i < kills && outcome === 'killed'; i += 1) {
      // After so many steps of the process, and then a while: anywhere in what it does next.
      outcome = await this.#process({ steps: 1 + this.#below(2 * this.#parts), ms: this.#below(15) })
      if (outcome === 'killed') await this.#afterKill(i)
    }
    if (outcome === 'killed') outcome = await this.#process(undefined)
    assert.equal(outcome, 'done')
    await this.#check()
  }

  async #afterKill(kill: number): Promise<void> {
    const { partSize, concurrency } = this.#task
    this.#report.kills += 1
    this.#allowed += concurrency * partSize
    // The server may still be carrying out what the killed process sent last.
    await sleep(150)
    this.#isPublished ||= await this.#isThere()
    // Killed after the record was removed, too: the next process knows nothing of the object.
    if (this.#isPublished && !existsSync(this.#task.checkpoint)) {
      this.#report.published += 1
      this.#allowed += this.#source.length
    }
    if (!this.#subject.mayChange || kill > 0 || this.#random() < 0.6) return
    // Never in the first part: then nothing is gone on with, which is not what is counted here.
    const at = PART + this.#below(this.#source.length - PART)
    const end = someBytes(this.#source.length - at, this.#below(1e9))
    this.#source = Buffer.concat([this.#source.subarray(0, at), end])
    this.#allowed += this.#source.length - Math.floor(at / PART) * PART
    this.#report.changed += 1
  }

  async #process(kill: { steps: number; ms: number } | undefined): Promise<'killed' | 'done'> {
    const provided = await this.#subject.provide?.(this.#source, this.#folder)
    const task: KillTask = { ...this.#task, ...provided }
    const child = fork(this.#subject.program, [JSON.stringify(task)], {
      execArgv: [...PROGRAM_OPTIONS],
      stdio: ['pipe', 'inherit', 'inherit', 'ipc'],
    })
    let steps = 0
    let result: UploadResult | undefined
    let reason: string | undefined
    child.on('message', (message: Message) => {
      steps += 1
      if (message.event === 'resumed') this.#report.resumed += 1
      if (message.event === 'restarted') reason = message.reason
      if (message.event === 'done') result = message.result
      else if (steps === (kill?.steps ?? Infinity)) {
        void sleep(kill?.ms).then(() => child.kill('SIGKILL'))
      }
    })
    // A process that is killed does not read to the end.
    if (child.stdin !== null) {
      const input = provided === undefined ? chunksOf(this.#source) : []
      pipeline(Readable.from(input), child.stdin).catch(() => undefined)
    }
    // What it sent last may come after its end.
    const [[code, signal]] = (await Promise.all([once(child, 'exit'), once(child, 'disconnect')])) as [
      [number | null, NodeJS.Signals | null],
      unknown,
    ]
    if (reason !== undefined) {
      assert.ok(this.#isPublished && reason === 'upload-gone', `it began anew: ${reason}`)
      this.#report.published += 1
      this.#allowed += this.#source.length
    }
    if (signal === 'SIGKILL') return result === undefined ? 'killed' : 'done'
    assert.equal(code, 0, 'the process that uploads failed')
    assert.equal(result?.size, this.#source.length)
    return 'done'
  }

  async #isThere(): Promise<boolean> {
    const store = openStore(this.#task.store)
    try {
      return await exists(store, this.#task.key)
    } finally {
      await store.close()
    }
  }

  async #check(): Promise<void> {
    const { store: options, key, partSize } = this.#task
    const store = openStore(options)
    try {
      const { body } = await store.get(key)
      assert.ok((await readAll(body)).equals(this.#source), 'the object is not the source')
      for await (const upload of store.listMultipartUploads()) {
        // Begun, and killed before that was recorded: nobody can know of it, but it has no bytes.
        for await (const part of store.listParts(upload)) assert.fail(`part ${part.partNumber} is left behind`)
        await store.abortMultipartUpload(upload)
      }
    } finally {
      await store.close()
    }
    assert.deepEqual(
      (await readdir(this.#folder)).filter((name) => name.includes('checkpoint')),
      [],
    )
    this.#server.send('parts')
    const [parts] = (await once(this.#server, 'message')) as [ReceivedPart[]]
    const received = parts.filter((part) => part.key === key).reduce((sum, { bytes }) => sum + bytes, 0)
    const resent = received - this.#source.length
    assert.ok(
      resent <= this.#allowed,
      `${resent} bytes were sent again, ${this.#allowed} in parts of ${partSize} may be`,
    )
    this.#report.sourceBytes += this.#source.length
    this.#report.resentBytes += resent
    this.#report.allowedBytes += this.#allowed
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }
}

function* chunksOf(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += 30_000) yield bytes.subarray(start, start + 30_000)
}

/** In a line. */
export function describeKills(report: KillReport): string {
  const { rounds, kills, resumed, published, changed, sourceBytes, resentBytes, allowedBytes } = report
  return `${rounds} rounds, ${kills} kills, ${resumed} times resumed, ${published} killed between publishing and removing the record, ${changed} sources changed: ${resentBytes} bytes of ${sourceBytes} sent again, ${allowedBytes} allowed`
}
