import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { UploadError } from '../../src/shared/errors.js'
import { CheckpointFile } from '../../src/checkpoint/checkpoint-file.js'
import { formatRecord, isUploadRecord } from '../../src/upload/checkpoint/upload-record.js'
import { whyNot } from '../support/commands.js'
import { PROGRAM_OPTIONS, programOf } from '../support/project.js'
import { rejection } from '../support/scripted-service.js'
import { temporaryFolder } from '../support/temporary-folder.js'

async function failure(promise: Promise<unknown>): Promise<UploadError> {
  const error = await rejection(promise)
  assert.ok(error instanceof UploadError, String(error))
  return error
}

async function lockedFile(t: Parameters<typeof temporaryFolder>[0]): Promise<{ file: CheckpointFile; at: string }> {
  const at = path.join(await temporaryFolder(t), 'c')
  const file = new CheckpointFile(at, isUploadRecord)
  await file.lock()
  t.after(() => file.unlock())
  return { file, at }
}

describe('a checkpoint in a file', () => {
  it('is complete after each write, and removed with all files beside it at the end', async (t) => {
    const { file, at } = await lockedFile(t)
    assert.equal(await file.read(), undefined)
    for (const text of ['one', 'another and longer', 'x']) {
      await file.write(text)
      assert.equal(await file.read(), text)
      assert.equal(await readFile(at, 'utf8'), text)
    }
    assert.deepEqual((await readdir(path.dirname(at))).sort(), ['c', 'c.oss-upload-stream.lock'])
    await file.remove()
    await file.unlock()
    assert.deepEqual(await readdir(path.dirname(at)), [])
  })

  it('is readable by its owner only', { skip: process.platform === 'win32' && 'no modes on Windows' }, async (t) => {
    const { file, at } = await lockedFile(t)
    await file.write('text')
    for (const name of [at, `${at}.oss-upload-stream.lock`]) assert.equal((await stat(name)).mode & 0o777, 0o600)
  })

  it('is replaced atomically: a partial write of a killed process has no effect', async (t) => {
    const { file, at } = await lockedFile(t)
    await file.write('before')
    await writeFile(`${at}.oss-upload-stream.new`, '{"format":"oss-upload-stream-che')
    assert.equal(await file.read(), 'before')
    await file.write('after')
    assert.equal(await file.read(), 'after')
    assert.ok(!(await readdir(path.dirname(at))).includes('c.oss-upload-stream.new'))
  })

  it('is found where the process was killed before the first text was in its place', async (t) => {
    const { file, at } = await lockedFile(t)
    const head = { provider: 'oss', bucket: 'b', key: 'k', location: 'http://host/k', uploadId: 'id' } as const
    const text = formatRecord({ ...head, partSize: 1, options: { salt: 'aa', hash: 'bb' }, etagsAreMd5: true }, [])
    await writeFile(`${at}.oss-upload-stream.new`, text.slice(0, -3))
    assert.equal(await file.read(), undefined)
    await writeFile(`${at}.oss-upload-stream.new`, text)
    assert.equal(await file.read(), text)
    await file.remove()
    assert.equal(await file.read(), undefined)
  })

  it('is never written through a link', async (t) => {
    const { file, at } = await lockedFile(t)
    const victim = path.join(path.dirname(at), 'victim')
    await writeFile(victim, 'precious')
    await symlink(victim, `${at}.oss-upload-stream.new`)
    await file.write('text')
    assert.equal(await readFile(victim, 'utf8'), 'precious')
  })

  it('is refused where there can be none', async (t) => {
    const folder = await temporaryFolder(t)
    const missing = await failure(new CheckpointFile(path.join(folder, 'no', 'c'), isUploadRecord).read())
    assert.equal(missing.code, 'INVALID_OPTION')
    assert.match(missing.message, /a folder that exists/)
    await mkdir(path.join(folder, 'is-a-folder'))
    const notFile = await failure(new CheckpointFile(path.join(folder, 'is-a-folder'), isUploadRecord).read())
    assert.equal(notFile.code, 'INVALID_OPTION')
    assert.match(notFile.message, /must be a file/)
  })

  it('reports what failed', async (t) => {
    const { file, at } = await lockedFile(t)
    // A folder in the way of the new text.
    await mkdir(path.join(`${at}.oss-upload-stream.new`, 'full'), { recursive: true })
    const error = await failure(file.write('text'))
    assert.equal(error.code, 'CHECKPOINT_FAILED')
    assert.ok(error.message.includes(at))
    assert.ok(error.cause instanceof Error)
  })
})

describe('the lock of a checkpoint', () => {
  it('is had by one at a time, and by the next when it is given back', async (t) => {
    const { file, at } = await lockedFile(t)
    const other = new CheckpointFile(at, isUploadRecord)
    const error = await failure(other.lock())
    assert.equal(error.code, 'CHECKPOINT_FAILED')
    assert.match(error.message, /in use by another upload/)
    await file.lock()
    await file.unlock()
    await other.lock()
    await other.unlock()
  })

  it('is taken over at once from a process that was killed', async (t) => {
    const at = path.join(await temporaryFolder(t), 'c')
    const url = pathToFileURL(programOf('src/checkpoint/checkpoint-file.ts')).href
    const program = `import { CheckpointFile } from ${JSON.stringify(url)}
      await new CheckpointFile(${JSON.stringify(at)}, () => true).lock()
      console.log('locked')
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, [...PROGRAM_OPTIONS, '--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    t.after(() => child.kill('SIGKILL'))
    await once(child.stdout, 'data')
    const file = new CheckpointFile(at, isUploadRecord)
    await failure(file.lock())
    child.kill('SIGKILL')
    await once(child, 'exit')
    await file.lock()
    await file.unlock()
  })

  it(
    'is taken over when another process has the number now',
    { skip: process.platform !== 'linux' && 'only Linux tells when a process began' },
    async (t) => {
      const { file, at } = await lockedFile(t)
      const holder = JSON.parse(await readFile(`${at}.oss-upload-stream.lock`, 'utf8')) as Record<string, unknown>
      await file.unlock()
      await writeFile(`${at}.oss-upload-stream.lock`, JSON.stringify({ ...holder, began: 'another boot 5' }))
      await file.lock()
      await file.write('text')
    },
  )

  for (const [what, holder] of [
    [
      'of another machine',
      JSON.stringify({ format: 'oss-upload-stream-lock', host: `not ${os.hostname()}`, pid: process.pid, token: 'x' }),
    ],
    ['that says nothing yet', ''],
  ] as const) {
    it(`${what} is taken over when it has not been renewed for long`, async (t) => {
      const at = path.join(await temporaryFolder(t), 'c')
      await writeFile(`${at}.oss-upload-stream.lock`, holder)
      const file = new CheckpointFile(at, isUploadRecord)
      await failure(file.lock())
      const past = new Date(Date.now() - 10 * 60_000)
      await utimes(`${at}.oss-upload-stream.lock`, past, past)
      await file.lock()
      await file.unlock()
    })
  }

  it('is not left behind empty where the disk is full', async (t) => {
    const folder = await temporaryFolder(t)
    const refusal = whyNot(['mount', '-t', 'tmpfs', '-o', 'size=4096', 'tmpfs', folder])
    if (refusal !== undefined) {
      t.skip(refusal)
      return
    }
    try {
      await writeFile(path.join(folder, 'full'), Buffer.alloc(4096))
      const error = await failure(new CheckpointFile(path.join(folder, 'c'), isUploadRecord).lock())
      assert.match(error.message, /ENOSPC/)
      assert.deepEqual(await readdir(folder), ['full'])
    } finally {
      spawnSync('umount', [folder])
    }
  })

  it('that was lost is noticed before the next write', async (t) => {
    const { file, at } = await lockedFile(t)
    await file.write('mine')
    await rm(`${at}.oss-upload-stream.lock`)
    const other = new CheckpointFile(at, isUploadRecord)
    await other.lock()
    await other.write('theirs')
    for (const call of [() => file.write('mine again'), () => file.remove()]) {
      assert.equal((await failure(call())).code, 'CHECKPOINT_FAILED')
    }
    await file.unlock()
    assert.equal(await other.read(), 'theirs')
    await other.unlock()
  })
})
