import assert from 'node:assert/strict'
import { once } from 'node:events'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { describe, it, type TestContext } from 'node:test'
import { emulatedStore, unfinishedUploads } from '../../support/emulated-store.js'
import { run } from '../../support/commands.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { ossup, startOssup } from '../ossup.js'

/** A store whose clock is put forward: what has just been begun in it is old. */
async function storeWithClock(t: TestContext) {
  let aheadMs = 0
  const emulated = await emulatedStore(t, { emulator: { now: () => new Date(Date.now() + aheadMs) } })
  return { ...emulated, putForward: (ms: number) => void (aheadMs += ms) }
}

describe('ossup head', () => {
  it('prints what the store returns', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    await pipeline(['text'], store.createUploadStream('a', { contentType: 'text/plain', metadata: { by: 'me' } }))
    const { stdout } = await ossup(emulator, ['head', 'oss://test-bucket/a'])
    assert.match(stdout, /^size: +4 bytes \(4 B\)$/m)
    assert.match(stdout, /^type: +text\/plain$/m)
    assert.match(stdout, /^metadata by: +me$/m)
    const json = JSON.parse((await ossup(emulator, ['head', '--json', 'oss://test-bucket/a'])).stdout) as {
      size: number
    }
    assert.equal(json.size, 4)
  })
})

describe('unfinished uploads', () => {
  it('are listed, looked at and aborted', async (t) => {
    const { emulator, store, putForward } = await storeWithClock(t)
    const uploadId = await store.initiateMultipartUpload('backups/a')
    await store.uploadPart({ key: 'backups/a', uploadId }, 1, Buffer.alloc(200_000))
    await store.uploadPart({ key: 'backups/a', uploadId }, 2, Buffer.alloc(100_000))
    await store.initiateMultipartUpload('other')
    putForward(2_000)
    const listed = await ossup(emulator, ['uploads', 'oss://test-bucket/backups/'])
    assert.match(listed.stdout, /^PARTS +SIZE +AGE +KEY\n +2 +293 KiB +\d+s +backups\/a\n$/)
    const long = await ossup(emulator, ['uploads', 'oss://test-bucket/backups/', '--long'])
    assert.match(long.stdout, new RegExp(`^PARTS +SIZE +AGE +KEY +UPLOAD ID\\n.* +backups/a +${uploadId}\\n$`))

    const parts = await ossup(emulator, ['parts', 'oss://test-bucket/backups/a'])
    assert.match(parts.stdout, /\n +1 +195 KiB +\d+ +"\w+"\n +2 +97\.7 KiB/)

    const young = await ossup(emulator, ['abort', 'oss://test-bucket', '--older-than', '1h'])
    assert.match(young.stderr, /no unfinished upload is that old/)
    const wrong = await ossup(emulator, ['abort', 'oss://test-bucket/backups/a', '--upload-id', '0123456789ABCDEF'])
    assert.equal(wrong.code, 6)
    const one = await ossup(emulator, ['abort', 'oss://test-bucket/backups/a', '--upload-id', uploadId])
    assert.equal(one.stdout, `aborted oss://test-bucket/backups/a upload ${uploadId} (2 parts, 300,000 bytes)\n`)
    assert.match(
      (await ossup(emulator, ['abort', 'oss://test-bucket', '--older-than', '0s', '--dry-run'])).stdout,
      /^would abort /,
    )
    assert.deepEqual(await unfinishedUploads(store), ['other'])
    assert.match(
      (await ossup(emulator, ['abort', 'oss://test-bucket', '--older-than', '0s'])).stdout,
      /^aborted .*\/other /,
    )
    assert.deepEqual(await unfinishedUploads(store), [])
  })

  it('are listed and aborted, though one of them ends meanwhile', async (t) => {
    const { emulator, store, putForward } = await storeWithClock(t)
    for (const key of ['ends', 'stays']) await store.initiateMultipartUpload(key)
    putForward(2_000)
    const meanwhile = () =>
      emulator.faults.inject({
        match: { operation: 'ListParts', key: 'ends' },
        action: { type: 'error', status: 404, code: 'NoSuchUpload' },
      })
    meanwhile()
    const listed = await ossup(emulator, ['uploads', 'oss://test-bucket'])
    assert.match(listed.stdout, /^PARTS .*\n.* stays\n$/)
    meanwhile()
    const { code, stdout } = await ossup(emulator, ['abort', 'oss://test-bucket', '--older-than', '0s'])
    assert.match(stdout, /^aborted oss:\/\/test-bucket\/stays upload .*\n$/)
    assert.equal(code, 0)
  })

  it('are aborted, though one of them cannot be', async (t) => {
    const { emulator, store, putForward } = await storeWithClock(t)
    for (const key of ['a', 'b', 'c']) await store.initiateMultipartUpload(key)
    putForward(2_000)
    emulator.faults.inject({
      match: { operation: 'AbortMultipartUpload', key: 'b' },
      action: { type: 'error', status: 403, code: 'AccessDenied' },
    })
    const { code, stderr } = await ossup(emulator, ['abort', 'oss://test-bucket', '--older-than', '0s'])
    assert.equal(code, 1)
    assert.match(stderr, /^ossup: AbortMultipartUpload for "b" failed: 403 AccessDenied/)
    assert.deepEqual(await unfinishedUploads(store), ['b'])
  })
})

describe('ossup serve', () => {
  for (const flags of [[], ['--json']]) {
    it(`never prints a secret that it was given: ${flags.join('') || 'for a shell'}`, async (t) => {
      const environment = { OSS_ACCESS_KEY_ID: 'an-id-of-mine', OSS_ACCESS_KEY_SECRET: 'a-secret-of-mine' }
      const { child, ended } = startOssup(undefined, ['serve', ...flags], environment)
      t.after(() => child.kill('SIGKILL'))
      const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
      assert.match(chunk.toString(), /127\.0\.0\.1/)
      child.kill('SIGINT')
      const { stdout, stderr } = await ended
      assert.doesNotMatch(chunk.toString() + stdout + stderr, /of-mine/)
    })
  }

  it('is a store until a signal comes', async (t) => {
    const { child, ended } = startOssup(undefined, ['serve'])
    t.after(() => child.kill('SIGKILL'))
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
    const environment = Object.fromEntries(
      [...chunk.toString().matchAll(/^export (\w+)='(.*)'$/gm)].map(([, name = '', value = '']) => [name, value]),
    )
    assert.equal((await ossup(undefined, ['put', 'oss://any/k'], { input: 'x', environment })).code, 0)
    assert.equal((await ossup(undefined, ['get', 'oss://any/k'], { environment })).stdout, 'x')
    child.kill('SIGINT')
    const { code, stderr } = await ended
    assert.equal(code, 0)
    assert.match(stderr, /^ossup: listens on http:\/\/127\.0\.0\.1:\d+ until Ctrl-C; objects are kept until then\n/)
  })

  for (const [provider, names] of [
    ['obs', ['OBS_ENDPOINT', 'OBS_REGION', 'OBS_ACCESS_KEY_ID', 'OBS_SECRET_ACCESS_KEY']],
    ['s3', ['AWS_ENDPOINT_URL_S3', 'AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']],
  ] as const) {
    it(`prints what ${provider} is reported by, as words of a shell, and where objects are kept`, async (t) => {
      const folder = path.join(await temporaryFolder(t), "it's here")
      const { child, ended } = startOssup(undefined, ['serve', '--provider', provider, '--directory', folder])
      t.after(() => child.kill('SIGKILL'))
      const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
      const printed = await run(['bash', '-c', `${chunk.toString()}\nenv`])
      const environment = Object.fromEntries(
        names.map((name) => [name, new RegExp(`^${name}=(.*)$`, 'm').exec(printed)?.[1] ?? assert.fail(name)]),
      )
      const { code, stderr } = await ossup(undefined, ['put', `${provider}://any/k`], { input: 'x', environment })
      assert.equal(code, 0, stderr)
      child.kill('SIGINT')
      assert.ok((await ended).stderr.includes(`objects are kept in ${folder}\n`))
    })
  }
})
