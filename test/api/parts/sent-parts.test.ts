/** Parts that several machines send, and the object that they make together. */
import assert from 'node:assert/strict'
import { appendFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import fc from 'fast-check'
import { combineCrc64, createCrc64, type ObjectStore, type SentPart, type UploadAddress } from '../../../src/index.js'
import { readAll, someBytes } from '../../support/bytes.js'
import { emulatedStore, exists, unfinishedUploads } from '../../support/emulated-store.js'
import { invalidOption, uploadError } from '../../support/errors.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

const PART = 102_400
const bytes = someBytes(2 * PART + 777)

function crc64Of(content: Uint8Array): string {
  const crc64 = createCrc64()
  crc64.update(content)
  return crc64.digest()
}

async function begin(t: TestContext) {
  const emulated = await emulatedStore(t)
  const { store, emulator } = emulated
  const file = path.join(await temporaryFolder(t), 'file')
  await writeFile(file, bytes)
  const address = { key: 'k', uploadId: await store.initiateMultipartUpload('k') }
  const completions = () => emulator.requests.filter(({ operation }) => operation === 'CompleteMultipartUpload').length
  return { ...emulated, file, address, completions }
}

/** As a queue would hand the parts to machines and bring back their results. */
async function sendAll(store: ObjectStore, address: UploadAddress, file: string): Promise<SentPart[]> {
  const plan = store.planParts(bytes.length, { partSize: PART })
  const sent = await Promise.all(
    plan.map(({ partNumber, start, end }) => store.uploadPart(address, partNumber, { path: file, start, end })),
  )
  return JSON.parse(JSON.stringify(sent)) as SentPart[]
}

describe('parts sent from many machines', () => {
  it('are planned as ranges of a file within the limits of the service', async (t) => {
    const { store } = await emulatedStore(t, { store: { maxMemory: 4 * 1024 ** 3 } })
    assert.deepEqual(store.planParts(250_000, { partSize: PART }), [
      { partNumber: 1, start: 0, end: 102_399 },
      { partNumber: 2, start: 102_400, end: 204_799 },
      { partNumber: 3, start: 204_800, end: 249_999 },
    ])
    assert.deepEqual(store.planParts(5), [{ partNumber: 1, start: 0, end: 4 }])
    const large = store.planParts(20 * 1024 ** 4, {})
    assert.ok(large.length <= 10_000)
    assert.equal(large.at(-1)?.end, 20 * 1024 ** 4 - 1)
    for (const wrong of [0, -1, 1.5, 2 ** 60]) assert.throws(() => store.planParts(wrong), invalidOption('size'))
    assert.throws(() => store.planParts(5, { partSize: 5 }), invalidOption('partSize ', '(got 5)'))
  })

  it('make an object that is verified by what they make together', async (t) => {
    const { store, file, address } = await begin(t)
    const parts = await sendAll(store, address, file)
    const stored = await store.completeMultipartUpload(address, parts.toReversed(), {
      expectedSize: bytes.length,
      expectedCrc64: crc64Of(bytes),
    })
    assert.deepEqual(stored.checksum, { algorithm: 'crc64ecma', value: crc64Of(bytes) })
    assert.equal(combineCrc64(parts), crc64Of(bytes))
    assert.ok((await readAll((await store.get('k')).body)).equals(bytes))
  })

  it('are found out when what they make is not what the store has', async (t) => {
    const { store, file, address } = await begin(t)
    const parts = await sendAll(store, address, file)
    const stale = { ...parts[1]!, crc64: crc64Of(someBytes(PART, 99)) }
    await assert.rejects(
      store.completeMultipartUpload(address, [parts[0]!, stale, parts[2]!]),
      uploadError('CHECKSUM_MISMATCH', crc64Of(bytes)),
    )
  })

  it('make the object although the response to Complete was lost', async (t) => {
    const { store, emulator, file, address } = await begin(t)
    const parts = await sendAll(store, address, file)
    emulator.faults.inject({
      match: { operation: 'CompleteMultipartUpload' },
      action: { type: 'reset', at: 'committed' },
    })
    const stored = await store.completeMultipartUpload(address, parts)
    assert.equal(stored.crc64, crc64Of(bytes))
    assert.deepEqual(await unfinishedUploads(store), [])
  })

  it('are refused before anything is sent when one is missing, doubled or in the place of another', async (t) => {
    const { store, file, address, completions } = await begin(t)
    const [first, second, third] = (await sendAll(store, address, file)) as [SentPart, SentPart, SentPart]
    const complete = (parts: SentPart[], expectedSize?: number) => () =>
      store.completeMultipartUpload(address, parts, { expectedSize })
    await assert.rejects(complete([first, third]), invalidOption('part 3 from byte 204800', 'begin at byte 102400'))
    await assert.rejects(complete([second, third]), invalidOption('part 2 first', 'missing'))
    await assert.rejects(complete([first, second], bytes.length), invalidOption(`204800 bytes`))
    await assert.rejects(complete([first, second, second]), invalidOption('partNumber ', '(got 2)', 'twice'))
    const swapped = [{ ...second, partNumber: 1 }, { ...first, partNumber: 2 }, third]
    await assert.rejects(complete(swapped), invalidOption('part 2 from byte 0', 'begin at byte 204800'))
    for (const [parts, text] of [
      [[first, second, { ...third, crc64: '1' }], 'parts make the CRC-64'],
      [[first, { partNumber: 2, etag: second.etag, size: second.size }, third], 'do not all have'],
    ] as const) {
      const compared = store.completeMultipartUpload(address, parts, { expectedCrc64: crc64Of(bytes) })
      await assert.rejects(compared, invalidOption('expectedCrc64', text, 'nothing was sent'))
    }
    await assert.rejects(complete([{ ...first, crc64: 'x' }]), invalidOption('crc64 ', "(got 'x')"))
    assert.equal(completions(), 0)
    assert.equal(await exists(store, 'k'), false)
  })

  it('are not sent from a file that ends before its range, or changes', async (t) => {
    const { store, file, address } = await begin(t)
    const beyond = store.uploadPart(address, 1, { path: file, start: bytes.length - 5, end: bytes.length })
    await assert.rejects(beyond, uploadError('SOURCE_CHANGED', `ends at byte ${bytes.length}`))
    await assert.rejects(
      store.uploadPart(address, 1, { path: path.dirname(file), start: 0, end: 9 }),
      invalidOption('path'),
    )
    await assert.rejects(
      store.uploadPart(address, 1, { path: file, start: 9, end: 8 }),
      invalidOption('end ', '(got 8)'),
    )
    await appendFile(file, 'more')
    const part = await store.uploadPart(address, 1, { path: file, start: bytes.length, end: bytes.length + 3 })
    assert.deepEqual([part.size, part.start, part.crc64], [4, bytes.length, crc64Of(Buffer.from('more'))])
  })
})

describe('combineCrc64', () => {
  it('is the CRC-64 of the bytes together, however they are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }), (chunks) => {
        const parts = chunks.map((chunk) => ({ size: chunk.length, crc64: crc64Of(chunk) }))
        assert.equal(combineCrc64(parts), crc64Of(Buffer.concat(chunks)))
      }),
    )
  })

  it('refuses an invalid size or CRC-64', () => {
    assert.throws(() => combineCrc64([{ size: -1, crc64: '0' }]), invalidOption('size ', '(got -1)'))
    assert.throws(() => combineCrc64([{ size: 1, crc64: '18446744073709551616' }]), invalidOption('crc64'))
  })
})
