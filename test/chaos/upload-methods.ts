/** Uploads the bytes of a plan by each method: a stream that is written to, a pipe or a file by its descriptor, and a command. */
import assert from 'node:assert/strict'
import { closeSync, openSync, write as writeCallback } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { ObjectStore, UploadOptions, UploadResult } from '../../src/index.js'
import { openPipes } from '../../src/source/command-pipes.js'
import type { Plan } from './plan.js'

const write = promisify(writeCallback)

/** A pipe is written to by system calls: writes of a few bytes would take seconds. */
const LEAST_WRITTEN = 4096

export type Outcome = { stored: true; result: UploadResult } | { stored: false; error: Error }

/** What is uploaded: the bytes themselves, and a file that begins with them. */
export interface Source {
  bytes: Buffer
  file: string
}

/** An error of the plan's own: of the source, or of whoever destroys the stream. */
class PlannedError extends Error {}

export async function uploadBy(store: ObjectStore, plan: Plan, key: string, source: Source): Promise<Outcome> {
  const controller = new AbortController()
  const { partSize, concurrency, contentMd5, forbidOverwrite, ending } = plan
  const options = { partSize, concurrency, contentMd5, forbidOverwrite, signal: controller.signal }
  const abort = (): void => controller.abort(new PlannedError('aborted'))
  const timer = ending.name === 'abort-later' ? setTimeout(abort, ending.ms) : undefined
  try {
    if (plan.method === 'stream') return await uploadStream(store, plan, key, source, options, abort)
    const inspect = inspectorOf(plan, source, abort)
    return { stored: true, result: await UPLOADS[plan.method](store, plan, key, source, { ...options, inspect }) }
  } catch (error) {
    return { stored: false, error: error as Error }
  } finally {
    clearTimeout(timer)
  }
}

async function uploadStream(
  store: ObjectStore,
  plan: Plan,
  key: string,
  { bytes }: Source,
  options: UploadOptions,
  abort: () => void,
): Promise<Outcome> {
  const { ending } = plan
  const stream = store.createUploadStream(key, options)
  const source = Readable.from(
    chunksOf(bytes, plan, (): void => {
      if (ending.name === 'destroy') stream.destroy(new PlannedError('destroyed'))
      if (ending.name === 'abort') abort()
      // Not within the generator's own turn, in which it cannot be closed.
      if (ending.name === 'source-close') setImmediate(() => source.destroy())
    }),
  )
  try {
    await pipeline(source, stream)
    return { stored: true, result: await stream.done }
  } catch (error) {
    // Both the event and the promise must settle, and the stream must be closed by then.
    await assert.rejects(stream.done)
    assert.equal(stream.destroyed, true)
    return { stored: false, error: error as Error }
  }
}

/** Where the source or the caller turns away, in bytes; Infinity where nobody does. */
function turningPointOf(bytes: Buffer, { ending }: Plan): number {
  return 'after' in ending ? Math.floor(bytes.length * ending.after) : Infinity
}

async function* chunksOf(bytes: Buffer, plan: Plan, giveUp: () => void): AsyncGenerator<Buffer> {
  const { chunks, ending } = plan
  const turningPoint = turningPointOf(bytes, plan)
  let isOver = false
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    if (at >= turningPoint && !isOver) {
      isOver = true
      if (ending.name === 'source-error') throw new PlannedError('the source failed')
      giveUp()
      await sleep(5)
    }
    const length = chunks[i % chunks.length] ?? 1
    yield bytes.subarray(at, at + length)
    at += length
  }
  if (isOver || !('after' in ending)) return
  if (ending.name === 'source-error') throw new PlannedError('the source failed')
  giveUp()
  await sleep(5)
  // A generator that returned just after its stream was destroyed would leave node's pipeline() waiting for ever.
  yield bytes.subarray(0, 0)
}

/**
 * Gives up from within the call that sees the bytes, while the memory that they are in is lent. What a pipe cannot say,
 * that its source has failed, is an error of the inspector; a command says it by its end.
 */
function inspectorOf(plan: Plan, { bytes }: Source, abort: () => void): UploadOptions['inspect'] {
  const { ending, method, refuses } = plan
  const turningPoint = turningPointOf(bytes, plan)
  let seen = 0
  const look = (place: 'bytes' | 'end'): void => {
    if (seen < turningPoint) return
    if (ending.name === 'abort') abort()
    if (ending.name === 'destroy') setImmediate(abort)
    if (method === 'command' || !ending.name.startsWith('source-')) return
    if (place === refuses || place === 'end') throw new PlannedError('the source failed')
  }
  return {
    bytes(chunk) {
      assert.ok(bytes.subarray(seen, seen + chunk.length).equals(chunk), 'other bytes were seen than were written')
      seen += chunk.length
      look('bytes')
    },
    end: () => look('end'),
  }
}

async function uploadDescriptor(
  store: ObjectStore,
  plan: Plan,
  key: string,
  { bytes }: Source,
  options: UploadOptions,
): Promise<UploadResult> {
  const [pipe] = (await openPipes(1)) ?? []
  assert.ok(pipe, 'there is no pipe')
  const { readEnd, writeEnd } = pipe
  const [uploaded] = await Promise.allSettled([
    store.upload(key, { fd: readEnd }, options),
    feed(writeEnd, plan, bytes),
  ])
  if (uploaded.status === 'rejected') throw uploaded.reason as Error
  return uploaded.value
}

async function uploadFromFile(
  store: ObjectStore,
  _plan: Plan,
  key: string,
  { bytes, file }: Source,
  options: UploadOptions,
): Promise<UploadResult> {
  const ownFile = `${file} of ${key}`
  await writeFile(ownFile, bytes)
  try {
    return await store.upload(key, { fd: openSync(ownFile, 'r') }, options)
  } finally {
    await rm(ownFile)
  }
}

async function feed(fd: number, { chunks, pauseMs }: Plan, bytes: Buffer): Promise<void> {
  try {
    for (let at = 0, i = 0; at < bytes.length; i += 1) {
      const end = Math.min(at + Math.max(LEAST_WRITTEN, chunks[i % chunks.length] ?? 1), bytes.length)
      while (at < end) at += (await write(fd, bytes, at, end - at)).bytesWritten
      if (pauseMs > 0 && i < 5) await sleep(pauseMs)
    }
  } catch (error) {
    // The reader is gone.
    assert.equal((error as NodeJS.ErrnoException).code, 'EPIPE')
  } finally {
    closeSync(fd)
  }
}

async function uploadCommand(
  store: ObjectStore,
  plan: Plan,
  key: string,
  { file, bytes }: Source,
  options: UploadOptions,
): Promise<UploadResult> {
  let said = ''
  const stderr = (chunk: Uint8Array): void => void (said += Buffer.from(chunk).toString())
  try {
    const args = ['-c', scriptOf(plan, bytes), 'bash', file]
    return await store.uploadCommand(key, 'bash', args, { ...options, stderr, graceMs: 30 })
  } finally {
    for (const pid of said.split('\n').filter(Boolean).map(Number)) {
      assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' }, 'a process of the command is left behind')
    }
  }
}

const UPLOADS = { descriptor: uploadDescriptor, file: uploadFromFile, command: uploadCommand }

/** What the producer does, as a script that gets the file. */
function scriptOf(plan: Plan, bytes: Buffer): string {
  const { producer, pauseMs, ending } = plan
  const first = Math.min(turningPointOf(bytes, plan), Math.floor(bytes.length / 2))
  const begin = [
    ...(producer === 'stubborn' ? [`trap '' TERM`] : []),
    'echo $$ >&2; exec < "$1"',
    `head -c ${first}; sleep ${pauseMs / 1000}`,
  ]
  const rest = `head -c ${bytes.length - first}`
  const wait = `sleep ${pauseMs / 1000}`
  if (ending.name === 'source-error' || ending.name === 'source-close') {
    const ends = { status: 'exit 3', signal: 'kill -KILL $$', early: `exec >&-; ${wait}; exit 4` }
    return [...begin, producer in ends ? ends[producer as keyof typeof ends] : 'exit 3'].join('\n')
  }
  // One that is aborted later may be in the middle of nothing: the memory is lent, and no byte comes.
  if (ending.name === 'abort-later' && producer !== 'status') return [...begin, 'while :; do sleep 1; done'].join('\n')
  const ends = {
    status: rest,
    signal: rest,
    stubborn: rest,
    early: `${rest}; exec >&-; ${wait}`,
    grandchild: `{ ${wait}; ${rest}; } <&0 &`,
  }
  return [...begin, ends[producer]].join('\n')
}
