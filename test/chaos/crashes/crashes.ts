/**
 * Uploads and downloads with checkpoints on a disk, in processes that end, or whose operations on files fail, between any two
 * steps. What must hold: the file is as it was or the object, the next process resumes or starts over, and in the end
 * nothing lies beside it.
 */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { tableEngine } from '../../../src/checksum/engines/table-engine.js'
import { downloadFile } from '../../../src/download/file/download-file.js'
import { BufferPool } from '../../../src/memory/buffer-pool.js'
import { KiB, MiB } from '../../../src/shared/byte-size.js'
import { UploadError } from '../../../src/shared/errors.js'
import { UploadStream } from '../../../src/stream/upload-stream.js'
import { someBytes } from '../../support/bytes.js'
import { MemoryDriver, SMALL_PART } from '../../support/memory-driver.js'
import { randomOf } from '../../support/random.js'
import { crc64Of } from '../../support/scripted-service.js'
import type { ChaosOutcome, ChaosSubject } from '../chaos.js'
import { CrashingFiles, type Trouble } from './crashing-files.js'

const KEY = 'k'
const RANGE = 64 * KiB
const BEFORE = Buffer.from('what was there before')
/** The ID of no process. */
const NOBODY = 2 ** 30

interface CrashPlan {
  method: 'upload' | 'download'
  seed: number
  length: number
  concurrency: number
  /** Of each process but the last one. */
  troubles: (Trouble & { losesPower: boolean })[]
}

const plans: fc.Arbitrary<CrashPlan> = fc
  .record({
    method: fc.constantFrom('upload' as const, 'download' as const),
    seed: fc.nat(),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    concurrency: fc.integer({ min: 1, max: 3 }),
    troubles: fc.array(
      fc.record({
        // Most of what a download records is there after the sixtieth.
        step: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 50, max: 150 })),
        how: fc.constantFrom('crash', 'crash', 'crash', 'ENOSPC', 'EIO', 'EACCES'),
        losesPower: fc.boolean(),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  })
  .map(({ share, ...plan }) => ({
    ...plan,
    length: Math.floor(share * (plan.method === 'upload' ? 8 * SMALL_PART : 20 * RANGE)),
  }))

export const CRASHES: ChaosSubject<CrashPlan> = { plans, carryOut }

async function carryOut(plan: CrashPlan): Promise<ChaosOutcome> {
  // Of the file system itself: the operations below are those of the processes alone.
  const folder = fs.mkdtempSync(path.join(tmpdir(), 'oss-upload-stream-'))
  const files = new CrashingFiles(folder)
  const target = path.join(folder, 'target')
  const bytes = someBytes(plan.length, plan.seed)
  const random = randomOf(plan.seed)
  let driver = new MemoryDriver()
  let crashes = 0
  let failure: Error | undefined
  try {
    if (plan.method === 'download') {
      fs.writeFileSync(target, BEFORE)
      driver.objects.set(KEY, { bytes, crc64: crc64Of(bytes) })
    }
    for (const trouble of [...plan.troubles, undefined]) {
      const crashed = files.begin(trouble).then(() => 'crashed' as const)
      driver.on = async ({ verb, when }) => (verb === 'get' && when === 'before' ? undefined : files.step())
      const outcome = await Promise.race([
        transfer(plan, driver, target, bytes).catch((error: unknown) => error),
        crashed,
      ])
      if (outcome !== 'crashed') assert.equal(files.openFiles, 0, 'files are still open')
      await files.end()
      if (outcome === 'crashed') {
        crashes += 1
      } else if (outcome !== undefined) {
        assert.ok(outcome instanceof UploadError, inspect(outcome))
        assert.ok(trouble !== undefined, outcome.message)
        assert.match(outcome.code, /^(?:CHECKPOINT_FAILED|FILE_FAILED)$/)
        failure = outcome
      }
      leaveDead(folder, outcome === 'crashed' && trouble?.losesPower === true, random)
      if (plan.method === 'download') {
        const found = fs.readFileSync(target)
        assert.ok(found.equals(BEFORE) || found.equals(bytes), 'the file is neither what it was nor the object')
      }
      driver = driver.forNextProcess()
    }
    const [left, stored] = [
      fs.readdirSync(folder),
      plan.method === 'upload' ? driver.objects.get(KEY)?.bytes : fs.readFileSync(target),
    ]
    assert.ok(stored?.equals(bytes), 'in the end it is not the object')
    assert.deepEqual(left, plan.method === 'upload' ? [] : ['target'])
    // One that was begun when the process ended, before its ID was recorded.
    assert.ok(driver.uploads.size <= plan.troubles.length, `${driver.uploads.size} uploads are left behind`)
    return failure === undefined && crashes === 0 ? { stored: true } : { stored: false, error: failure ?? new Crash() }
  } finally {
    files.restore()
    fs.rmSync(folder, { recursive: true })
  }
}

class Crash extends Error {}

async function transfer(plan: CrashPlan, driver: MemoryDriver, target: string, bytes: Buffer): Promise<undefined> {
  const host = { driver, pool: new BufferPool(tableEngine, 4 * MiB) }
  const { concurrency } = plan
  if (plan.method === 'download') {
    await downloadFile(host, KEY, target, { partSize: RANGE, concurrency })
    return
  }
  const options = { partSize: SMALL_PART, concurrency, checkpoint: `${target}.checkpoint` }
  const stream = new UploadStream(host, KEY, options).on('error', () => undefined)
  stream.end(bytes)
  await stream.done
}

/** Locks name a process that is gone; without power, what was not synced may be lost. */
function leaveDead(folder: string, losesPower: boolean, random: () => number): void {
  for (const name of fs.readdirSync(folder)) {
    const file = path.join(folder, name)
    const text = fs.readFileSync(file)
    if (name.endsWith('.lock')) {
      fs.writeFileSync(file, text.toString().replace(/"pid":\d+/, `"pid":${NOBODY}`))
      // One that was not written to its end counts for a minute.
      fs.utimesSync(file, 0, 0)
    } else if (losesPower && /\.(?:partial|new)$/.test(name)) {
      // Often all of it.
      const at = Math.max(0, Math.floor((random() * 2 - 1) * text.length))
      fs.writeFileSync(file, name.endsWith('.new') ? text.subarray(0, at) : Buffer.from(text).fill(0, at))
    }
  }
}
