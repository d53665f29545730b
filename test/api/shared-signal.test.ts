import assert from 'node:assert/strict'
import { getEventListeners, once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { buffer } from 'node:stream/consumers'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, it } from 'node:test'
import { emulatedStore } from '../support/emulated-store.js'
import { temporaryFolder } from '../support/temporary-folder.js'

/** More than Node.js takes for a leak. */
const MANY = 12

const times = <T>(what: (i: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: MANY }, (_, i) => what(i)))

describe('one AbortSignal', () => {
  it('serves many uploads and calls at a time without a warning, and keeps no listeners', async (t) => {
    const { store } = await emulatedStore(t)
    const file = path.join(await temporaryFolder(t), 'file')
    await writeFile(file, 'text')
    const warnings: Error[] = []
    const onWarning = (warning: Error) => void warnings.push(warning)
    process.on('warning', onWarning)
    t.after(() => process.off('warning', onWarning))
    const { signal } = new AbortController()

    await times((i) => store.createUploadStream(`stream ${i}`, { signal }).end('text').done)
    await times((i) => store.uploadFile(`file ${i}`, file, { signal }))
    await times((i) => store.head(`file ${i}`, { signal }))
    const contents = await times((i) => store.get(`file ${i}`, { signal }))
    for (const { body } of contents) assert.equal((await buffer(body)).toString(), 'text')
    for (const { body } of contents) if (!body.closed) await once(body, 'close')
    await nextTurn()

    assert.deepEqual(warnings, [])
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })
})
