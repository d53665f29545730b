/** Outages in the middle of an upload, longer than any number of attempts in a row: limits scaled down, no clock. */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import dns from 'node:dns'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Emulator, Fault } from '../../src/emulator/index.js'
import { type ObjectStore, openStore, type UploadStream } from '../../src/index.js'
import { readAll, someBytes } from '../support/bytes.js'
import { type EmulatedStore, emulatedStore, exists, unfinishedUploads } from '../support/emulated-store.js'
import { Line } from '../support/line.js'
import { PROGRAM_OPTIONS, programOf } from '../support/project.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { until } from '../support/until.js'
import type { KillTask } from './kill-rounds.js'

const KEY = 'a dump'
const PART_SIZE = 100 * 1024
const BYTES = someBytes(20 * PART_SIZE + 1)

const QUICK = {
  retry: { maxAttempts: undefined, baseDelayMs: 2, maxDelayMs: 20, totalMs: 60_000, startMs: 60_000 },
  timeouts: { connectMs: 500, answerMs: 500, stallMs: 100 },
}

type LookedUp = (error: Error | null, ...found: unknown[]) => void

interface Scene {
  line: Line
  emulator: Emulator
}

interface Outage {
  begin(scene: Scene): void | Promise<void>
  end(scene: Scene): void | Promise<void>
  /** Attempts that fail before it ends; a call would have had eight. */
  failures?: number
  /** How often it comes. */
  times?: number
  /** Whether one probe at a time finds out that it is over. */
  isNoticed?: boolean
}

function failing(status: number, code: string): Outage {
  const fault: Fault = { match: { operation: 'UploadPart' }, times: Infinity, action: { type: 'error', status, code } }
  return {
    begin: ({ emulator }) => {
      emulator.faults.inject(fault)
    },
    end: ({ emulator }) => emulator.faults.clear(),
  }
}

const REFUSED: Outage = { begin: ({ line }) => line.refuse(), end: ({ line }) => line.restore() }

const OUTAGES: Record<string, Outage> = {
  'refuses connections': REFUSED,
  'comes and goes': { ...REFUSED, failures: 4, times: 4, isNoticed: false },
  'is silent': {
    begin: ({ line }) => line.silence(),
    end: ({ line }) => line.restore(),
    failures: 8,
  },
  'answers 500': failing(500, 'InternalError'),
  'answers 503': failing(503, 'ServiceUnavailable'),
  'asks to slow down': failing(503, 'SlowDown'),
}

/** An upload that has stored parts when each outage begins, and goes on when it is over. */
async function uploadThrough(outage: Outage, scene: Scene, store: ObjectStore): Promise<{ events: string[] }> {
  const { failures = 60, times = 1 } = outage
  const upload: UploadStream = store.createUploadStream(KEY, { partSize: PART_SIZE })
  const events: string[] = []
  upload.on('away', () => events.push('away'))
  upload.on('back', () => events.push('back'))
  let begun = 0
  let left = 0
  upload.on('part', () => {
    if (left > 0 || begun === times) return
    begun += 1
    left = failures
    void outage.begin(scene)
  })
  upload.on('retry', () => {
    left -= 1
    if (left === 0) void outage.end(scene)
  })
  upload.end(BYTES)
  await upload.done
  return { events }
}

async function assertStored(store: ObjectStore): Promise<void> {
  assert.ok((await readAll((await store.get(KEY)).body)).equals(BYTES))
  assert.deepEqual(await unfinishedUploads(store), [])
}

/** What gives the keys of a listing. */
type Listing = (store: ObjectStore, options: { onRetry: () => void }) => AsyncIterable<{ key: string }>

interface Stage extends Scene {
  /** By the line. */
  store: ObjectStore
  direct: ObjectStore
  open: EmulatedStore['open']
}

async function setUp(t: TestContext): Promise<Stage> {
  const { emulator, store: direct, open } = await emulatedStore(t)
  const line = await Line.to(t, Number(new URL(emulator.endpoint).port))
  const endpoint = `http://127.0.0.1:${line.port}`
  const store = open({ endpoint, ...QUICK } as object)
  return { emulator, line, direct, store, open }
}

/** For requests that would wait for a millisecond only, unless what they belong to is under way. */
const UNDER_WAY = { baseDelayMs: 5, maxDelayMs: 20, totalMs: 60_000, startMs: 1 }

/** Begins an outage that ends after so many retries; returns what is to be called with each of them. */
function refuseFor(retries: number, line: Line): { onRetry: () => void; isOver: () => boolean } {
  let left = retries
  line.refuse()
  const onRetry = () => {
    left -= 1
    if (left === 0) void line.restore()
  }
  return { onRetry, isOver: () => left <= 0 }
}

describe('reading from a service that refuses connections for longer than a first request would wait', () => {
  const stage = async (t: TestContext) => {
    const { line, direct, open } = await setUp(t)
    return { line, direct, store: open({ endpoint: `http://127.0.0.1:${line.port}`, retry: UNDER_WAY }) }
  }

  it('gives a download all of the object, and says when the service is away and back', async (t) => {
    const { line, direct, store } = await stage(t)
    await direct.upload(KEY, BYTES)
    const download = store.createDownloadStream(KEY, { partSize: PART_SIZE, concurrency: 2 })
    const events: string[] = []
    const until: Date[] = []
    download.on('away', (notice) => until.push(notice.until) && events.push('away'))
    download.on('back', ({ awayMs }) => events.push(awayMs > 0 ? 'back' : 'back at once'))
    download.once('object', () => {
      const { onRetry } = refuseFor(20, line)
      download.on('retry', onRetry)
    })
    const before = Date.now()
    assert.ok((await readAll(download)).equals(BYTES))
    assert.deepEqual(events, ['away', 'back'])
    // Most of the minute is left for the rest of the object.
    assert.ok(until[0]!.getTime() - before > 30_000)
  })

  it('gives a file all of the object, and says the same', async (t) => {
    const { line, direct, store } = await stage(t)
    await direct.upload(KEY, BYTES)
    const file = path.join(await temporaryFolder(t), 'file')
    const events: string[] = []
    let onRetry: (() => void) | undefined
    await store.downloadFile(KEY, file, {
      partSize: PART_SIZE,
      concurrency: 2,
      onObject: () => {
        ;({ onRetry } = refuseFor(20, line))
      },
      onRetry: () => onRetry?.(),
      onAway: () => void events.push('away'),
      onBack: () => void events.push('back'),
    })
    assert.ok((await readFile(file)).equals(BYTES))
    assert.deepEqual(events, ['away', 'back'])
  })

  for (const [what, keysOf] of [
    ['objects', (store, options) => store.list({ ...options, pageSize: 1 })],
    ['unfinished uploads', (store, options) => store.listMultipartUploads({ ...options, pageSize: 1 })],
  ] as const satisfies readonly (readonly [string, Listing])[]) {
    it(`gives a listing all of the ${what}`, async (t) => {
      const { line, direct, store } = await stage(t)
      for (const key of ['a', 'b', 'c']) {
        await direct.upload(key, 'x')
        await direct.initiateMultipartUpload(key)
      }
      const keys: string[] = []
      let outage: ReturnType<typeof refuseFor> | undefined
      for await (const { key } of keysOf(store, { onRetry: () => outage?.onRetry() })) {
        keys.push(key)
        outage ??= refuseFor(20, line)
      }
      assert.deepEqual(keys, ['a', 'b', 'c'])
      assert.ok(outage?.isOver())
    })
  }
})

describe('an upload whose service', { concurrency: true }, () => {
  for (const [what, outage] of Object.entries(OUTAGES)) {
    it(`${what} for longer than eight attempts take is stored, and leaves nothing behind`, async (t) => {
      const { store, direct, ...scene } = await setUp(t)
      const { events } = await uploadThrough(outage, scene, store)
      await assertStored(direct)
      if (outage.isNoticed !== false) assert.deepEqual(events.slice(0, 2), ['away', 'back'])
      assert.equal(events.filter((name) => name === 'away').length, events.filter((name) => name === 'back').length)
    })
  }

  it('has no name for a while is stored, and leaves nothing behind', async (t) => {
    const { emulator, direct, line } = await setUp(t)
    let isNamed = true
    const lookup = dns.lookup as (name: string, options: object, callback: LookedUp) => void
    t.mock.method(dns, 'lookup', (name: string, options: object, callback: LookedUp) => {
      if (name !== 'localhost') lookup(name, options, callback)
      else if (isNamed) callback(null, [{ address: '127.0.0.1', family: 4 }])
      else callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' }))
    })
    const store = openStore({
      bucket: 'test-bucket',
      region: emulator.region,
      endpoint: `http://localhost:${line.port}`,
      credentials: emulator.credentials,
      ...QUICK,
    } as object)
    t.after(() => store.close())
    const outage: Outage = {
      begin: () => {
        isNamed = false
        line.reset()
      },
      end: () => {
        isNamed = true
      },
    }
    await uploadThrough(outage, { emulator, line }, store)
    await assertStored(direct)
  })

  it('stays away fails when the patience is over, and says which upload is left', async (t) => {
    const { direct, line, emulator } = await setUp(t)
    const store = openStore({
      bucket: 'test-bucket',
      region: emulator.region,
      endpoint: `http://127.0.0.1:${line.port}`,
      credentials: emulator.credentials,
      retry: { baseDelayMs: 5, maxDelayMs: 5, totalMs: 100 },
    })
    t.after(() => store.close())
    const upload = store.createUploadStream(KEY, { partSize: PART_SIZE })
    upload.on('error', () => undefined)
    upload.once('part', () => line.refuse())
    upload.end(BYTES)
    const error = await upload.done.then(
      () => assert.fail('stored'),
      (failure: unknown) => failure as { code: string; uploadId?: string; cleanupError?: Error },
    )
    assert.equal(error.code, 'NETWORK')
    assert.ok(error.cleanupError)
    assert.deepEqual(await unfinishedUploads(direct), [KEY])
    assert.equal(await exists(direct, KEY), false)
    assert.ok(error.uploadId)
  })

  it('was never reached fails after a while that is short', async (t) => {
    const { line, emulator } = await setUp(t)
    line.refuse()
    const store = openStore({
      bucket: 'test-bucket',
      region: emulator.region,
      endpoint: `http://127.0.0.1:${line.port}`,
      credentials: emulator.credentials,
      retry: { baseDelayMs: 5, maxDelayMs: 5, startMs: 50 },
    })
    t.after(() => store.close())
    await assert.rejects(store.upload(KEY, BYTES, { partSize: PART_SIZE }), { code: 'NETWORK' })
  })
})

describe('an upload', { concurrency: true }, () => {
  it('whose process is stopped for longer than its patience, while its connections end, is stored', async (t) => {
    const { emulator, direct, line } = await setUp(t)
    const checkpoint = path.join(await temporaryFolder(t), 'checkpoint')
    const { region, credentials } = emulator
    const retry = { baseDelayMs: 5, maxDelayMs: 20, totalMs: 2000, startMs: 2000 }
    const endpoint = `http://127.0.0.1:${line.port}`
    const store = { bucket: 'test-bucket', region, credentials, endpoint, retry, timeouts: QUICK.timeouts }
    const task: KillTask = { store, key: KEY, checkpoint, partSize: PART_SIZE, concurrency: 2 }
    const child = fork(programOf('test/chaos/piped-upload.ts'), [JSON.stringify(task)], {
      stdio: ['pipe', 'inherit', 'inherit', 'ipc'],
      execArgv: [...PROGRAM_OPTIONS],
    })
    t.after(() => child.kill('SIGKILL'))
    const exited = once(child, 'exit')
    // Two parts are in flight when it is stopped, and no response has come.
    const action = { type: 'delay', ms: 60_000, at: 'request' } as const
    emulator.faults.inject({ match: { operation: 'UploadPart' }, skip: 4, times: 2, action })
    child.stdin!.on('error', () => undefined).end(BYTES)
    await until(() => emulator.faults.pending().length === 0)
    child.kill('SIGSTOP')
    line.reset()
    await sleep(3000)
    child.kill('SIGCONT')
    assert.deepEqual(await exited, [0, null])
    await assertStored(direct)
  })

  it('whose line is so slow that each response takes longer than its limit is stored without a retry', async (t) => {
    const { direct, line, open } = await setUp(t)
    // Five parts together take two seconds.
    line.slow((5 * PART_SIZE) / 2)
    const store = open({
      endpoint: `http://127.0.0.1:${line.port}`,
      retry: { maxAttempts: 1 },
      timeouts: { answerMs: 1000, stallMs: 1000 },
    })
    const bytes = BYTES.subarray(0, 5 * PART_SIZE)
    await store.upload(KEY, bytes, { partSize: PART_SIZE, concurrency: 5 })
    assert.ok((await readAll((await direct.get(KEY)).body)).equals(bytes))
    assert.deepEqual(await unfinishedUploads(direct), [])
  })
})
