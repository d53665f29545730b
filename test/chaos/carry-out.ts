/** Carries out a plan against the emulator and checks what must hold afterwards, whatever happened. */
import assert from 'node:assert/strict'
import type { Emulator } from '../../src/emulator/index.js'
import { openStore, type ObjectStore } from '../../src/index.js'
import { type ChaosSubject, SOURCE } from './chaos.js'
import { type Plan, plansOf, type UploadMethod, UPLOAD_METHODS } from './plan.js'
import { checkStored } from './stored.js'
import { type Outcome, uploadBy } from './upload-methods.js'
import { watchMemory } from './watched-memory.js'

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
    const memory = watchMemory()
    const outcome = await uploadBy(store, plan, key, { bytes, file })
    memory.end()
    emulator.faults.clear()
    await store.close()
    assert.ok(!(outcome.stored && hasFailed(plan)), 'success was reported, but the source failed')
    await checkStored(bystander, {
      key,
      bytes,
      before: plan.overwrites ? BEFORE : undefined,
      forbidOverwrite: plan.forbidOverwrite,
      gaveUp: gaveUp(plan),
      result: outcome.stored ? outcome.result : outcome.error,
    })
    return outcome
  } finally {
    emulator.faults.clear()
    await Promise.all([store.close(), bystander.close()])
  }
}

/** Whether the source does not end well. A stream that is destroyed after its last byte may have ended already. */
function hasFailed({ ending, method }: Plan): boolean {
  return method !== 'stream' && (ending.name === 'source-error' || ending.name === 'source-close')
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
