import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { startEmulator, type EmulatorOptions, type Emulator } from '../../src/emulator/index.js'
import { compareUtf8 } from '../../src/emulator/storage/compare-utf8.js'
import { complete, initiate, uploadPart } from '../support/multipart.js'
import { PROGRAM_OPTIONS, programOf } from '../support/project.js'
import { answerTo, codeOf, send, start } from '../support/signed-request.js'

const folders: string[] = []

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'emulator-test-'))
  folders.push(folder)
  return folder
}

after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

function dataFiles({ directory }: Emulator): string[] {
  return readdirSync(join(directory, 'data'))
}

/** One that must not start does not keep the process if it does. */
async function startAndClose(options: EmulatorOptions): Promise<void> {
  const emulator = await startEmulator(options)
  await emulator.close()
}

describe('the folder of the emulator', () => {
  it('is a temporary one that close removes, unless it is given', async () => {
    const temporary = await startEmulator()
    await send(temporary, { method: 'PUT', key: 'k', body: 'x' })
    await temporary.close()
    await temporary.close()
    assert.ok(!existsSync(temporary.directory))
    const directory = join(temporaryFolder(), 'store')
    await (await startEmulator({ directory })).close()
    assert.ok(existsSync(directory))
  })

  it('keeps objects and unfinished uploads from one start to the next', async () => {
    const directory = temporaryFolder()
    const first = await startEmulator({ directory })
    const { credentials } = first
    await send(first, { method: 'PUT', key: 'put', body: 'x', headers: { 'x-oss-meta-a': 'b' } })
    const done = await initiate(first, 'done')
    const donePart = await uploadPart(first, 'done', done, 1, 'done')
    await complete(first, 'done', done, [{ partNumber: 1, etag: String(donePart.headers['etag']) }])
    const open = await initiate(first, 'open')
    const one = await uploadPart(first, 'open', open, 1, Buffer.alloc(102_400, '1'))
    await first.close()

    await using second = await startEmulator({ directory, credentials })
    assert.equal((await send(second, { key: 'put' })).headers['x-oss-meta-a'], 'b')
    assert.equal((await send(second, { key: 'done' })).body.toString(), 'done')
    const two = await uploadPart(second, 'open', open, 2, '2')
    const parts = [one, two].map(({ headers }, index) => ({ partNumber: index + 1, etag: String(headers['etag']) }))
    assert.equal((await complete(second, 'open', open, parts)).status, 200)
    assert.equal((await send(second, { key: 'open' })).body.length, 102_401)
  })

  it('is refused when it holds something else', async () => {
    const directory = temporaryFolder()
    writeFileSync(join(directory, 'thesis.txt'), 'precious')
    await assert.rejects(startAndClose({ directory }), /contains files that the emulator did not write/)
    assert.deepEqual(readdirSync(directory), ['thesis.txt'])
  })

  it('is not shared by two emulators', async () => {
    const directory = temporaryFolder()
    const first = await startEmulator({ directory })
    await assert.rejects(startAndClose({ directory }), /in use by another emulator/)
    await first.close()
    await (await startEmulator({ directory })).close()
  })

  it('is free again when the port was taken', async () => {
    await using other = await startEmulator()
    const directory = temporaryFolder()
    const port = Number(new URL(other.endpoint).port)
    await assert.rejects(startAndClose({ directory, port }), { code: 'EADDRINUSE' })
    await (await startEmulator({ directory })).close()
  })

  it('holds no files of what was replaced, deleted or broken off', async () => {
    await using emulator = await startEmulator()
    for (const body of ['one', 'two', 'three']) await send(emulator, { method: 'PUT', key: 'k', body })
    assert.equal(dataFiles(emulator).length, 1)
    const uploadId = await initiate(emulator, 'k')
    const part = await uploadPart(emulator, 'k', uploadId, 1, 'part')
    await complete(emulator, 'k', uploadId, [{ partNumber: 1, etag: String(part.headers['etag']) }])
    assert.equal(dataFiles(emulator).length, 1)

    const outgoing = start(emulator, { method: 'PUT', key: 'other', headers: { 'content-length': '1000000' } })
    outgoing.on('error', () => undefined)
    outgoing.write(Buffer.alloc(500_000))
    while (dataFiles(emulator).length < 2) await new Promise(setImmediate)
    outgoing.destroy()
    while (dataFiles(emulator).length > 1) await new Promise(setImmediate)

    await send(emulator, { method: 'DELETE', key: 'k' })
    assert.deepEqual(dataFiles(emulator), [])
  })

  it('drops the files of a replaced object when its last reader is done', async () => {
    await using emulator = await startEmulator()
    await send(emulator, { method: 'PUT', key: 'k', body: Buffer.alloc(8 * 1024 * 1024) })
    const readers = await Promise.all([1, 2].map(() => answerTo(start(emulator, { key: 'k' }).end())))
    await send(emulator, { method: 'DELETE', key: 'k' })
    assert.equal(dataFiles(emulator).length, 1)
    readers[0]!.destroy()
    let size = 0
    for await (const chunk of readers[1]!) size += (chunk as Buffer).length
    assert.equal(size, 8 * 1024 * 1024)
    while (dataFiles(emulator).length > 0) await new Promise(setImmediate)
  })
})

describe('a disk that fails', () => {
  it('gives InternalError, and what was there stays', async () => {
    await using emulator = await startEmulator()
    await send(emulator, { method: 'PUT', key: 'k', body: 'before' })
    rmSync(join(emulator.directory, 'temporary'), { recursive: true })
    const put = await send(emulator, { method: 'PUT', key: 'k', body: 'after' })
    assert.equal(put.status, 500)
    assert.equal(codeOf(put), 'InternalError')
    assert.equal((await send(emulator, { key: 'k' })).body.toString(), 'before')
    assert.equal(dataFiles(emulator).length, 1)
  })

  it('ends the connection where the bytes of an object cannot be read', async () => {
    await using emulator = await startEmulator()
    await send(emulator, { method: 'PUT', key: 'k', body: 'x' })
    for (const name of dataFiles(emulator)) rmSync(join(emulator.directory, 'data', name))
    await assert.rejects(send(emulator, { key: 'k' }))
    assert.equal((await send(emulator, { method: 'HEAD', key: 'k' })).status, 200)
  })
})

describe('an emulator that is killed', () => {
  it('has whole objects only when it starts again, and no leftovers', async () => {
    const directory = temporaryFolder()
    const child = fork(programOf('test/support/emulator-process.ts'), [directory], {
      execArgv: [...PROGRAM_OPTIONS],
    })
    const [started] = (await once(child, 'message')) as [Pick<Emulator, 'endpoint' | 'region' | 'credentials'>]
    const remote = { ...started } as Emulator
    await send(remote, { method: 'PUT', key: 'whole', body: 'whole' })
    await send(remote, { method: 'PUT', key: 'replaced', body: 'before' })
    const uploadId = await initiate(remote, 'open')
    await uploadPart(remote, 'open', uploadId, 1, 'part')
    const halves = ['new', 'replaced'].map((key) => {
      const outgoing = start(remote, { method: 'PUT', key, headers: { 'content-length': '2000000' } })
      outgoing.on('error', () => undefined)
      outgoing.write(Buffer.alloc(1_000_000))
      return outgoing
    })
    while (readdirSync(join(directory, 'data')).length < 5) await new Promise(setImmediate)
    child.kill('SIGKILL')
    await once(child, 'exit')
    for (const outgoing of halves) outgoing.destroy()

    await using emulator = await startEmulator({ directory, credentials: started.credentials })
    assert.equal((await send(emulator, { key: 'whole' })).body.toString(), 'whole')
    assert.equal((await send(emulator, { key: 'replaced' })).body.toString(), 'before')
    assert.equal(codeOf(await send(emulator, { key: 'new' })), 'NoSuchKey')
    assert.equal(dataFiles(emulator).length, 3)
    assert.equal((await uploadPart(emulator, 'open', uploadId, 2, 'more')).status, 200)
  })
})

describe('the order of keys', () => {
  it('is that of their UTF-8 bytes', () => {
    const keys = [
      '',
      'a',
      'a\u0000',
      'ab',
      'b',
      'Z',
      '\u007f',
      '\u0080',
      'é',
      '\ud7ff',
      '\ue000',
      '\uffff',
      '\u{10000}',
      '😀',
      '\u{10ffff}',
    ]
    const byBytes = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    assert.deepEqual([...keys].sort(compareUtf8), byBytes)
    assert.deepEqual([...keys].reverse().sort(compareUtf8), byBytes)
  })
})

describe('a forged folder', () => {
  async function usedFolder(): Promise<string> {
    const directory = temporaryFolder()
    const emulator = await startEmulator({ directory })
    await send(emulator, { method: 'PUT', key: 'k', body: 'x' })
    await emulator.close()
    return directory
  }

  for (const name of ['data', 'objects', 'uploads']) {
    it(`is refused where ${name} is a link, and nothing behind it is removed`, async () => {
      const directory = await usedFolder()
      const elsewhere = temporaryFolder()
      writeFileSync(join(elsewhere, 'a'.repeat(24)), 'precious')
      rmSync(join(directory, name), { recursive: true })
      symlinkSync(elsewhere, join(directory, name))
      await assert.rejects(startAndClose({ directory }), (error: Error) =>
        error.message.includes(join(directory, name)),
      )
      assert.deepEqual(readdirSync(elsewhere), ['a'.repeat(24)])
      assert.ok(!existsSync(join(directory, 'lock')))
    })
  }

  it('is refused where its marker is a link, which is not written through', async () => {
    const directory = await usedFolder()
    const target = join(temporaryFolder(), 'target')
    writeFileSync(target, 'precious')
    rmSync(join(directory, 'oss-upload-stream-emulator.json'))
    symlinkSync(target, join(directory, 'oss-upload-stream-emulator.json'))
    await assert.rejects(startAndClose({ directory }), /must be a file, not a link/)
    assert.equal(readFileSync(target, 'utf8'), 'precious')
  })

  it('loses no file in data that is not the emulator’s', async () => {
    const directory = await usedFolder()
    writeFileSync(join(directory, 'data', 'notes.txt'), 'mine')
    writeFileSync(join(directory, 'data', 'b'.repeat(24)), 'a leftover')
    await (await startEmulator({ directory })).close()
    assert.ok(existsSync(join(directory, 'data', 'notes.txt')))
    assert.ok(!existsSync(join(directory, 'data', 'b'.repeat(24))))
  })

  it('serves no file that a document names outside of it', async () => {
    const directory = await usedFolder()
    const [name = ''] = readdirSync(join(directory, 'objects'))
    const path = join(directory, 'objects', name)
    const document = JSON.parse(readFileSync(path, 'utf8')) as { files: { name: string; size: number }[] }
    const change = (): void =>
      writeFileSync(path, JSON.stringify({ ...document, files: [{ name: '../../etc/passwd', size: 10 }] }))
    change()
    await assert.rejects(startAndClose({ directory }), (error: Error) => error.message.includes(path))
    writeFileSync(path, JSON.stringify(document))
    await using emulator = await startEmulator({ directory })
    change()
    assert.equal((await send(emulator, { key: 'k' })).status, 500)
  })

  it('is refused by the name of the document that is torn or another’s', async () => {
    for (const text of ['{"bucket":"b","ke', '7', '{}']) {
      for (const place of ['objects', 'uploads']) {
        const directory = await usedFolder()
        const path = join(directory, place, 'torn.json')
        writeFileSync(path, text)
        await assert.rejects(startAndClose({ directory }), (error: Error) => error.message.includes(path))
      }
    }
  })

  it('stays in the hands of an emulator that this process may not ask', async (t) => {
    const directory = await usedFolder()
    writeFileSync(join(directory, 'lock'), '1')
    // Whoever is not root may not signal process 1; root may, so the answer of the system is given here.
    t.mock.method(process, 'kill', () => {
      throw Object.assign(new Error('kill EPERM'), { code: 'EPERM' })
    })
    await assert.rejects(startAndClose({ directory }), /in use by another emulator/)
  })
})
