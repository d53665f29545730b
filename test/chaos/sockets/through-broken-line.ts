/** Uploads and downloads through a line with a plan's troubles, and checks what must hold afterwards. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Emulator } from '../../../src/emulator/index.js'
import {
  type DownloadResult,
  type ObjectStore,
  openStore,
  type StoreOptions,
  UploadError,
  type UploadResult,
} from '../../../src/index.js'
import { readAll, someBytes } from '../../support/bytes.js'
import { type ChaosOutcome, type ChaosSubject, SOURCE } from '../chaos.js'
import { checkStored } from '../stored.js'
import { BrokenLine } from './broken-line.js'
import { assertWithout } from './secrets.js'
import { type SocketPlan, socketPlans } from './socket-plan.js'

const BEFORE = someBytes(5000, 9)

/** One transfer under way. */
interface Going {
  plan: SocketPlan
  store: ObjectStore
  key: string
  bytes: Buffer
  folder: string
  signal: AbortSignal
}

export const SOCKETS: ChaosSubject<SocketPlan> = { plans: socketPlans, carryOut }

async function carryOut(given: SocketPlan, emulator: Emulator, key: string): Promise<ChaosOutcome> {
  const plan = fair(given)
  const line = await BrokenLine.to(Number(new URL(emulator.endpoint).port), plan.troubles)
  const bystander = openStore(optionsOf(plan, emulator, emulator.endpoint))
  const store = openStore({
    ...optionsOf(plan, emulator, `http://127.0.0.1:${line.port}`),
    retry: { maxAttempts: 4, baseDelayMs: 1, maxDelayMs: 5 },
    timeouts: { connectMs: 2000, answerMs: 150, stallMs: 150 },
  })
  const folder = await mkdtemp(path.join(tmpdir(), 'oss-upload-stream-'))
  const controller = new AbortController()
  const { abortMs } = plan
  const timer = abortMs === undefined ? undefined : setTimeout(() => controller.abort(), abortMs)
  const bytes = SOURCE.subarray(0, plan.size)
  const going = { plan, store, key, bytes, folder, signal: controller.signal }
  try {
    const result = isUpload(plan) ? await upload(going, bystander) : await download(going, bystander)
    await store.close()
    await line.abandoned()
    if (!(result instanceof Error)) return { stored: true }
    const { accessKeySecret, securityToken = '' } = emulator.credentials
    assertWithout(result, [accessKeySecret, securityToken, ...line.signatures])
    return { stored: false, error: result }
  } finally {
    clearTimeout(timer)
    await Promise.all([store.close(), bystander.close()])
    await line.close()
    await rm(folder, { recursive: true })
  }
}

function isUpload({ way }: SocketPlan): boolean {
  return way === 'stream' || way === 'bytes' || way === 'file'
}

/** Bytes of a body that are changed on their way are stored, unless the service can tell: that is no fault of ours. */
function fair(plan: SocketPlan): SocketPlan {
  const changes = plan.troubles.some(
    (trouble) => trouble?.direction === 'up' && (trouble.kind.name === 'repeat' || trouble.kind.name === 'drop'),
  )
  return changes && isUpload(plan) ? { ...plan, contentMd5: true } : plan
}

/** How often the line refuses in the service's name what that may have carried out. */
function liesOf({ troubles }: SocketPlan): number {
  const refusals = ['503', '403 with the request in it', '413', 'a redirect']
  return troubles.filter((trouble) => trouble?.kind.name === 'say' && refusals.includes(trouble.kind.what)).length
}

function optionsOf({ provider }: SocketPlan, { region, credentials }: Emulator, endpoint: string): StoreOptions {
  return { provider, bucket: 'chaos', region, endpoint, credentials, addressing: 'path' }
}

async function upload(going: Going, bystander: ObjectStore): Promise<UploadResult | Error> {
  const { plan, key, bytes, signal } = going
  if (plan.overwrites) await bystander.upload(key, BEFORE)
  const forbidOverwrite = plan.forbidOverwrite && plan.provider !== 'obs'
  const result = await send({ ...going, plan: { ...plan, forbidOverwrite } }).catch(ours)
  const before = plan.overwrites ? BEFORE : undefined
  const lies = liesOf(plan)
  await checkStored(bystander, { key, bytes, before, forbidOverwrite, gaveUp: signal.aborted, lies, result })
  return result
}

async function send({ plan, store, key, bytes, folder, signal }: Going): Promise<UploadResult> {
  const { concurrency, contentMd5, forbidOverwrite, way } = plan
  // S3 has larger parts: all is one request there.
  const partSize = plan.provider === 's3' ? 5 * 1024 * 1024 : plan.partSize
  const options = { partSize, concurrency, contentMd5, signal, ...(forbidOverwrite ? { forbidOverwrite } : {}) }
  if (way === 'bytes') return store.upload(key, bytes, options)
  if (way === 'file') {
    const file = path.join(folder, 'source')
    await writeFile(file, bytes)
    return store.uploadFile(key, file, { ...options, checkpoint: false })
  }
  const stream = store.createUploadStream(key, options)
  const chunks = Array.from({ length: Math.ceil(bytes.length / 30_000) }, (_, i) =>
    bytes.subarray(i * 30_000, (i + 1) * 30_000),
  )
  await pipeline(Readable.from(chunks), stream).catch(() => undefined)
  return stream.done
}

async function download(going: Going, bystander: ObjectStore): Promise<unknown> {
  const { plan, key, bytes, folder } = going
  await bystander.upload(key, bytes)
  const result = await read(going).catch(ours)
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name !== 'target'),
    [],
    'a file is left behind',
  )
  if (plan.way === 'download to a file' && result instanceof Error) {
    assert.deepEqual(await readFile(path.join(folder, 'target')), BEFORE, 'the file was changed')
  }
  return result
}

async function read({ plan, store, key, bytes, folder, signal }: Going): Promise<unknown> {
  const { partSize, concurrency, way } = plan
  if (way === 'get') {
    const { body } = await store.get(key, { signal })
    assertSame(await readAll(body), bytes, undefined, plan)
    return undefined
  }
  if (way === 'download') {
    const stream = store.createDownloadStream(key, { partSize, concurrency, signal })
    const found = await readAll(stream)
    const result = await stream.done
    assertSame(found, bytes, result, plan)
    return result
  }
  const file = path.join(folder, 'target')
  await writeFile(file, BEFORE)
  const result = await store.downloadFile(key, file, { partSize, concurrency, signal, checkpoint: false })
  assertSame(await readFile(file), bytes, result, plan)
  return result
}

function assertSame(found: Buffer, bytes: Buffer, result: DownloadResult | undefined, plan: SocketPlan): void {
  // One change may have taken the checksum from a response, and another one changed the bytes.
  const changes = plan.troubles.filter((trouble) => /^(?:repeat|drop|say)$/.test(trouble?.kind.name ?? '')).length
  const canBeOther = changes > 1 && result?.verified === 'size'
  assert.ok(found.equals(bytes) || canBeOther, 'reading ended, but the bytes are not those of the object')
}

function ours(error: unknown): Error {
  if (error instanceof UploadError) return error
  throw new Error('this is no UploadError', { cause: error })
}
