/** Carries out a plan against the emulator and checks what must hold afterwards, whatever happened. */
import assert from 'node:assert/strict'
import { mock } from 'node:test'
import type { Emulator } from '../../src/emulator/index.js'
import { openStore, type ObjectStore, type UploadError } from '../../src/index.js'
import type { IdleHolder } from '../../src/memory/deadlock-breaker.js'
import { BufferPool } from '../../src/memory/buffer-pool.js'
import { readAll } from '../support/bytes.js'
import { exists } from '../support/emulated-store.js'
import { type ChaosSubject, SOURCE } from './chaos.js'
import { type Plan, plansOf, type UploadMethod, UPLOAD_METHODS } from './plan.js'
import { type Outcome, uploadBy } from './upload-methods.js'

const BEFORE = Buffer.from('what was there before')

/** Uploads by these methods. */
export function uploading(methods: readonly UploadMethod[] = UPLOAD_METHODS): ChaosSubject<Plan> {
  return { plans: plansOf(methods), carryOut }
}

/** `file` holds `SOURCE`. */
async function carryOut(plan: Plan, emulator: Emulator, key: string, file: string): Promise<Outcome> {
  const options = {
    bucket: 'chaos',
    region: emulator.region,
    endpoint: emulator.endpoint,
    credentials: emulator.credentials,
    retry: { maxAttempts: 4, baseDelayMs: 1, maxDelayMs: 5 },
    timeouts: { connectMs: 2000, answerMs: 100, stallMs: 100 },
  }
  const bystander = openStore({ ...options, timeouts: { answerMs: 10_000, stallMs: 10_000 } })
  const store = openStore(options)
  const bytes = SOURCE.subarray(0, plan.size)
  try {
    if (plan.overwrites) await put(bystander, key, BEFORE)
    for (const fault of plan.faults) emulator.faults.inject(fault)
    const pools = poolsInUse()
    const outcome = await uploadBy(store, plan, key, { bytes, file })
    for (const pool of pools.end()) assert.equal(pool.handedOutBytes, 0, 'memory was not given back to the store')
    emulator.faults.clear()
    await store.close()
    await check(bystander, plan, key, bytes, outcome)
    return outcome
  } finally {
    emulator.faults.clear()
    await Promise.all([store.close(), bystander.close()])
  }
}

/** The pools that give buffers to an upload from now on. */
function poolsInUse(): { end(): Iterable<BufferPool> } {
  const pools = new Set<BufferPool>()
  const addHolder: (this: BufferPool, holder: IdleHolder) => void = Reflect.get(BufferPool.prototype, 'addHolder')
  const watched = mock.method(BufferPool.prototype, 'addHolder', function (this: BufferPool, holder: IdleHolder) {
    pools.add(this)
    addHolder.call(this, holder)
  })
  return {
    end() {
      watched.mock.restore()
      return pools
    },
  }
}

async function check(store: ObjectStore, plan: Plan, key: string, bytes: Buffer, outcome: Outcome): Promise<void> {
  const isThere = await exists(store, key)
  const content = isThere ? await readAll((await store.get(key)).body) : undefined
  const isOurs = content !== undefined && Buffer.compare(content, bytes) === 0
  const isBefore = content !== undefined && plan.overwrites && Buffer.compare(content, BEFORE) === 0
  const left: string[] = []
  for await (const found of store.listMultipartUploads({ prefix: key })) left.push(found.uploadId)

  if (outcome.stored) {
    assert.ok(isOurs, 'success was reported, but the object is not the source')
    assert.equal(outcome.result.size, bytes.length)
    assert.equal(outcome.result.crc64, (await store.head(key)).crc64)
    assert.ok(left.length <= (outcome.result.unknownUploads ?? 0), `${left.length} uploads are left behind`)
    assert.ok(
      !(plan.forbidOverwrite && plan.overwrites) || Buffer.compare(BEFORE, bytes) === 0,
      'an object was overwritten although that was forbidden',
    )
    return
  }
  const error = outcome.error as Partial<UploadError> & Error
  // Whole and ours, or as it was before: never anything between.
  assert.ok(
    content === undefined || isOurs || isBefore,
    `after "${error.message}" the object is neither ours nor the old one`,
  )
  if (isOurs && !isBefore) {
    const mayBeThere = error.outcomeUnknown === true || gaveUp(plan) || error.code === 'CHECKSUM_MISMATCH'
    assert.ok(mayBeThere, `failure was reported (${error.message}), but the object is stored`)
  }
  if (plan.overwrites) assert.ok(isThere, 'an existing object was deleted')
  const known = left.filter((uploadId) => uploadId !== error.uploadId)
  assert.ok(
    known.length <= (error.unknownUploads ?? 0),
    `${left.length} uploads are left behind after "${error.message}"`,
  )
  if (left.length > known.length) assert.ok(error.cleanupError, 'an upload is left behind without a word why')
}

/** If the upload is aborted while the last response is in flight, the object may be stored, whole. */
function gaveUp({ ending }: Plan): boolean {
  return ending.name === 'abort-later' || ending.name === 'abort' || ending.name === 'destroy'
}

async function put(store: ObjectStore, key: string, bytes: Buffer): Promise<void> {
  const stream = store.createUploadStream(key)
  stream.end(bytes)
  await stream.done
}
