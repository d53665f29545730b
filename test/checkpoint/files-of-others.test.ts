import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFile, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { CheckpointFile } from '../../src/checkpoint/checkpoint-file.js'
import { isUploadRecord } from '../../src/upload/checkpoint/upload-record.js'
import { readAll, someBytes } from '../support/bytes.js'
import { emulatedStore } from '../support/emulated-store.js'
import { invalidOption, uploadError } from '../support/errors.js'
import { temporaryFolder } from '../support/temporary-folder.js'

describe('files of others', () => {
  it('are not touched beside a checkpoint', async (t) => {
    const folder = await temporaryFolder(t)
    const { store } = await emulatedStore(t)
    const checkpoint = path.join(folder, 'Gemfile')
    const beside = ['.lock', '.new', '.oss-upload-stream.lock'].map((end) => `${checkpoint}${end}`)
    const past = new Date(Date.now() - 3_600_000)
    for (const file of [checkpoint, ...beside]) {
      await writeFile(file, 'of others')
      await utimes(file, past, past)
    }
    await assert.rejects(
      store.upload('k', someBytes(300_000), { checkpoint, partSize: 102_400 }),
      invalidOption('Gemfile'),
    )
    await assert.rejects(store.discardCheckpoint(checkpoint), invalidOption('Gemfile'))
    for (const file of [checkpoint, ...beside]) assert.equal(await readFile(file, 'utf8'), 'of others')
  })

  it('are not removed where a lock or a new checkpoint of ours would lie', async (t) => {
    const folder = await temporaryFolder(t)
    const { store } = await emulatedStore(t)
    const past = new Date(Date.now() - 3_600_000)
    for (const end of ['lock', 'new']) {
      const checkpoint = path.join(folder, `c-${end}`)
      const other = `${checkpoint}.oss-upload-stream.${end}`
      await writeFile(other, 'of others')
      await utimes(other, past, past)
      const uploading = store.upload('k', someBytes(300_000), { checkpoint, partSize: 102_400 })
      await assert.rejects(uploading, uploadError('CHECKPOINT_FAILED', 'not written by this library'))
      assert.equal(await readFile(other, 'utf8'), 'of others')
    }
  })

  it('do not make a lock wait when one is a named pipe', { skip: process.platform === 'win32' }, async (t) => {
    const checkpoint = path.join(await temporaryFolder(t), 'c')
    execFileSync('mkfifo', [`${checkpoint}.oss-upload-stream.lock`])
    await assert.rejects(new CheckpointFile(checkpoint, isUploadRecord).lock(), uploadError('CHECKPOINT_FAILED'))
  })
})

describe('the options of a file', () => {
  it('are those that it was called with', async (t) => {
    const { store } = await emulatedStore(t)
    const file = path.join(await temporaryFolder(t), 'f')
    await writeFile(file, 'content')
    const options = { metadata: { of: 'first' }, contentType: 'text/plain', checkpoint: false }
    const uploading = store.uploadFile('k', file, options)
    options.metadata.of = 'second'
    options.contentType = 'text/html'
    await uploading
    const { metadata, contentType } = await store.head('k')
    assert.deepEqual([metadata['of'], contentType], ['first', 'text/plain'])
  })
})

describe('the options of single calls', () => {
  it('are those that they were called with', async (t) => {
    const { store } = await emulatedStore(t)
    const options = { metadata: { of: 'first' }, forbidOverwrite: true }
    const initiating = store.initiateMultipartUpload('k', options)
    options.metadata.of = 'second'
    const uploadId = await initiating
    const part = await store.uploadPart({ key: 'k', uploadId }, 1, someBytes(1000))
    const acl = { acl: 'private' }
    const completing = store.completeMultipartUpload({ key: 'k', uploadId }, [part], acl)
    acl.acl = 'no such ACL'
    await completing
    assert.equal((await store.head('k')).metadata['of'], 'first')
    const range = { start: 0, end: 9 }
    const getting = store.get('k', { range })
    range.end = 99
    const { body } = await getting
    assert.equal((await readAll(body)).length, 10)
  })

  it('are copied when a list or a download is requested', async (t) => {
    const { store } = await emulatedStore(t)
    await store.upload('a/1', 'x')
    await store.upload('b/1', 'x')
    const options = { prefix: 'a/' }
    const objects = store.list(options)
    const pages = store.listPages(options)
    options.prefix = 'b/'
    for await (const { key } of objects) assert.equal(key, 'a/1')
    for await (const page of pages)
      assert.deepEqual(
        page.objects.map(({ key }) => key),
        ['a/1'],
      )
    const range = { start: 0, end: 9 }
    await store.upload('k', someBytes(100))
    const download = store.createDownloadStream('k', { range })
    range.end = 99
    assert.equal((await readAll(download)).length, 10)
  })
})
