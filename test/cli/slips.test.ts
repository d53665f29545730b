/** What people mistype: it is refused with what to do, and never changes an object. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pipeline } from 'node:stream/promises'
import { whyNot } from '../support/commands.js'
import { emulatedStore } from '../support/emulated-store.js'
import { environmentOf } from '../support/examples.js'
import { openShell } from './shell.js'
import { callOssup } from './call-ossup.js'

const TARGET = 'oss://test-bucket/app.sql'
/** Why no command can run as another user here; false if one can. */
const noOtherUser = whyNot(['unshare', '--user', '--map-user=54321', 'true']) ?? false

describe('slips at the command line', () => {
  it('do not store nothing over an object', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    await pipeline(['a dump'], store.createUploadStream('app.sql'))
    const shell = await openShell(t, emulator, { OSS_BUCKET: 'test-bucket' })
    const word = await shell('echo dump > app.sql; ossup put app.sql < /dev/null')
    assert.equal(word.code, 2)
    assert.match(word.stderr, /; TARGET comes first: ossup put oss:\/\/bucket\/key app\.sql\n/)
    for (const source of ['< /dev/null', '<&-', '-- true', '<(true)']) {
      const { code, stderr } = await shell(`ossup put ${TARGET} ${source}`)
      assert.equal(code, 3, source)
      assert.match(stderr, /the stream has 0 bytes: give --allow-empty to store it; .* was not stored\n/)
    }
    assert.equal((await store.head('app.sql')).size, 6)

    const asked = await shell(
      `ossup put oss:///empty --allow-empty < /dev/null; touch file; ossup put oss:///file file`,
    )
    assert.equal(asked.code, 0, asked.stderr)
    for (const key of ['empty', 'file']) assert.equal((await store.head(key)).size, 0)
  })

  for (const [args, message] of [
    ['put oss://test-bucket/nightly/', /TARGET "oss:\/\/test-bucket\/nightly\/" ends with \/: a stream needs a name/],
    ['put oss://test-bucket/nightly/ -', /ends with \/: a stream needs a name, such as .*nightly\/app\.sql/],
    [
      'put oss://test-bucket',
      /"oss:\/\/test-bucket" has no key: a stream needs a name, such as oss:\/\/test-bucket\/app/,
    ],
    ['put oss:///key', /TARGET "oss:\/\/\/key" has no bucket: write oss:\/\/bucket\/key, or set OSS_BUCKET/],
    ['get oss://test-bucket/key file', /^ossup: get takes only .* \(got also file\); to write a file: -o file\n/],
    ['head oss://test-bucket/key other', /^ossup: head takes only TARGET \(got also other\)\n/],
    ['put oss://test-bucket/key -- ', /^ossup: the command after -- is empty\n/],
    ['get oss://test-bucket/key -- ', /^ossup: the command after -- is empty\n/],
    ['put oss://test-bucket/key --idle-timeout 5m', /--idle-timeout needs a command after --/],
    ['upload oss://test-bucket/', /did you mean uploads\?/],
    ['haed oss://test-bucket/key', /did you mean head\?/],
    ['put oss://test-bucket/key --metdata a=b', /Unknown option '--metdata'; did you mean --metadata\?/],
  ] as const) {
    it(`are refused with what to do: ossup ${args}`, async (t) => {
      const { emulator } = await emulatedStore(t)
      const { code, stderr } = await callOssup(args.split(' '), { ...environmentOf(emulator), OSS_BUCKET: '' })
      assert.equal(code, 2)
      assert.match(stderr, message)
      assert.equal(emulator.requests.length, 0)
    })
  }

  it('get the options as people type them, and each error says what to do', async (t) => {
    const { emulator } = await emulatedStore(t)
    const args = ['put', TARGET, '--allow-empty', '--expected-size', '3TiB']
    const { code, stderr } = await callOssup(args, environmentOf(emulator))
    assert.equal(code, 2)
    assert.match(stderr, /\n {2}.*maxMemory is --max-memory.* here\n/)
    const more = await callOssup([...args, '--max-memory', '2GiB'], environmentOf(emulator))
    assert.equal(more.code, 0, more.stderr)
  })

  it('are distinguished from a removed working folder', async (t) => {
    const { emulator } = await emulatedStore(t)
    const shell = await openShell(t, emulator)
    const { code, stderr } = await shell(
      `mkdir gone; cd gone; rmdir ../gone; ossup put ${TARGET} --checkpoint app.json -- echo dump`,
    )
    assert.notEqual(code, 0)
    assert.match(stderr, /the working folder was removed: change to one that exists, or give absolute paths/)
  })

  it('are distinguished from a command that never writes', async (t) => {
    const { emulator } = await emulatedStore(t)
    const args = ['put', TARGET, '--idle-timeout', '0.2s', '--', 'sh', '-c', 'echo dump; sleep 60']
    const { code, stderr } = await callOssup(args, environmentOf(emulator))
    assert.equal(code, 3)
    assert.match(stderr, /^ossup: sh wrote nothing for 0\.2 s, and was ended; .* was not stored\n/)
  })

  it('are distinguished from an accepted exit status, such as that of tar for a changed file', async (t) => {
    const { emulator } = await emulatedStore(t)
    const call = (list: string) =>
      callOssup(
        ['put', TARGET, '--accept-status', list, '--', 'sh', '-c', 'echo dump; exit 1'],
        environmentOf(emulator),
      )
    assert.equal((await call('0,1')).code, 0)
    assert.equal((await call('0,2')).code, 3)
    const { code, stderr } = await call('0-1')
    assert.equal(code, 2)
    assert.match(stderr, /--accept-status must be exit statuses from 0 to 255, such as 0,1 \(got "0-1"\)/)
  })

  it('do not matter for the version, and for flags before the command', async (t) => {
    for (const word of ['version', '-v', '-V', '--version']) {
      const { code, stdout } = await callOssup([word], {})
      assert.equal(code, 0)
      assert.match(stdout, /^\d+\.\d+\.\d+\n$/)
    }
    const { emulator, store } = await emulatedStore(t)
    await pipeline(['a dump'], store.createUploadStream('app.sql'))
    const { code, stdout } = await callOssup(['--json', 'head', TARGET], environmentOf(emulator))
    assert.equal(code, 0)
    assert.equal((JSON.parse(stdout) as { size: number }).size, 6)
  })
})

describe('a user without a home', () => {
  it('gets the name of the missing variable, and no file of the working folder is read', async (t) => {
    const { emulator } = await emulatedStore(t)
    const { OSS_ENDPOINT, OSS_REGION } = environmentOf(emulator)
    const shell = await openShell(t, undefined, { OSS_ENDPOINT, OSS_REGION })
    const config = '[Credentials]\\naccessKeyID=id\\naccessKeySecret=secret\\n'
    const { stdout, stderr } = await shell(
      `printf '${config}' > .ossutilconfig; HOME= ossup head ${TARGET}; echo $?; env -u HOME ossup head ${TARGET}; echo $?`,
    )
    assert.equal(stdout, '2\n2\n')
    assert.equal(stderr.match(/set OSS_ACCESS_KEY_ID/g)?.length, 2, stderr)
    assert.equal(emulator.requests.length, 0)
  })

  it('gets the same if the user ID has no entry either', { skip: noOtherUser }, async (t) => {
    const shell = await openShell(t, undefined)
    const { code, stderr } = await shell(`env -u HOME unshare --user --map-user=54321 ossup head ${TARGET}`)
    assert.equal(code, 2, stderr)
    assert.match(stderr, /set OSS_ACCESS_KEY_ID/)
  })
})
