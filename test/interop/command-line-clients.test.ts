/** Clients of the command line against the emulator, as scripts use them. Each is skipped where it is not installed. */
import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { type Emulator, startEmulator } from '../../src/emulator/index.js'
import { openStore } from '../../src/index.js'
import { readAll } from '../support/bytes.js'
import { run, whyNot } from '../support/commands.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const KEYS = ['a/1', 'a/2 & 3', 'a/b/ü+(4).txt', 'other']

let emulator: Emulator
let folder: string
let end: () => Promise<void> = () => Promise.resolve()

before(async () => {
  const ends: (() => unknown)[] = []
  folder = await temporaryFolder({ after: (fn) => void ends.push(fn as () => unknown) })
  emulator = await startEmulator({ providers: ['s3'], region: 'us-east-1' })
  end = async () => {
    await emulator.close()
    for (const finish of ends) await finish()
  }
  await writeFile(path.join(folder, 'file'), 'content')
  await mkdir(path.join(folder, 'home'))
  await configure()
})
after(() => end())

/** Writes what each client reads: keys in an argument would be seen by every user of the machine. */
async function configure(): Promise<void> {
  const { endpoint, region, credentials } = emulator
  const { host } = new URL(endpoint)
  const { accessKeyId, accessKeySecret } = credentials
  await writeFile(
    path.join(folder, 'rclone.conf'),
    `[emulator]\ntype = s3\nprovider = Other\nendpoint = ${endpoint}\nregion = ${region}\naccess_key_id = ${accessKeyId}\nsecret_access_key = ${accessKeySecret}\n`,
  )
  await writeFile(
    path.join(folder, 's3cfg'),
    `[default]\naccess_key = ${accessKeyId}\nsecret_key = ${accessKeySecret}\nhost_base = ${host}\nhost_bucket = ${host}\nbucket_location = ${region}\nuse_https = False\n`,
  )
}

const rclone = (...args: string[]): Promise<string> =>
  run(['env', '-u', 'AWS_CA_BUNDLE', 'rclone', '--config', path.join(folder, 'rclone.conf'), '--retries', '1', ...args])
const s3cmd = (...args: string[]): Promise<string> => run(['s3cmd', '--config', path.join(folder, 's3cfg'), ...args])
function aws(...args: string[]): Promise<string> {
  const { endpoint, region, credentials } = emulator
  const variables = [
    `AWS_ACCESS_KEY_ID=${credentials.accessKeyId}`,
    `AWS_SECRET_ACCESS_KEY=${credentials.accessKeySecret}`,
    `AWS_DEFAULT_REGION=${region}`,
    `HOME=${path.join(folder, 'home')}`,
  ]
  return run(['env', ...variables, 'aws', '--endpoint-url', endpoint, 's3', ...args])
}

/** A bucket with some objects, by our own store. */
async function filled(t: TestContext, bucket: string) {
  const { endpoint, region, credentials } = emulator
  const store = openStore({ provider: 's3', bucket, endpoint, region, credentials })
  t.after(() => store.close())
  for (const key of KEYS) await store.upload(key, `content of ${key}`, { metadata: { of: 'us' } })
  return {
    store,
    keys: async () => {
      const found: string[] = []
      for await (const { key } of store.list()) found.push(key)
      return found
    },
    contentOf: async (key: string) => (await readAll((await store.get(key)).body)).toString(),
  }
}

describe('rclone', () => {
  const skip = whyNot(['rclone', 'version']) ?? false

  it('lists, copies, moves, reads and deletes objects', { skip }, async (t) => {
    const { keys, contentOf } = await filled(t, 'of-rclone')
    assert.match(await rclone('lsd', 'emulator:'), new RegExp(` of-rclone\\n`))
    assert.deepEqual((await rclone('lsf', '-R', '--files-only', `emulator:of-rclone`)).trim().split('\n').sort(), KEYS)
    await rclone('copyto', `emulator:of-rclone/a/2 & 3`, `emulator:of-rclone/copy of ü`)
    assert.equal(await contentOf('copy of ü'), 'content of a/2 & 3')
    await rclone('copyto', path.join(folder, 'file'), `emulator:of-rclone/from file`)
    assert.equal(await rclone('cat', `emulator:of-rclone/from file`), 'content')
    await rclone('moveto', `emulator:of-rclone/from file`, `emulator:of-rclone/moved`)
    await rclone('delete', `emulator:of-rclone/a`)
    assert.deepEqual(await keys(), ['copy of ü', 'moved', 'other'])
  })
})

describe('s3cmd', () => {
  const skip = whyNot(['s3cmd', '--version']) ?? false

  it('lists, copies, describes, changes rights of and deletes objects', { skip }, async (t) => {
    const { keys, contentOf } = await filled(t, 'of-s3cmd')
    assert.match(await s3cmd('ls'), new RegExp(`s3://of-s3cmd\\n`))
    const listed = await s3cmd('ls', '-r', `s3://of-s3cmd/`)
    for (const key of KEYS) assert.ok(listed.includes(`s3://of-s3cmd/${key}\n`), listed)
    await s3cmd('put', '--acl-public', path.join(folder, 'file'), `s3://of-s3cmd/public`)
    assert.match(await s3cmd('info', `s3://of-s3cmd/public`), /ACL:\s+\*anon\*: READ/)
    await s3cmd('cp', `s3://of-s3cmd/a/2 & 3`, `s3://of-s3cmd/copied`)
    assert.equal(await contentOf('copied'), 'content of a/2 & 3')
    await s3cmd('setacl', '--acl-private', `s3://of-s3cmd/public`)
    assert.doesNotMatch(await s3cmd('info', `s3://of-s3cmd/public`), /anon/)
    await s3cmd('del', '-r', `s3://of-s3cmd/a/`)
    assert.deepEqual(await keys(), ['copied', 'other', 'public'])
    await s3cmd('get', `s3://of-s3cmd/public`, path.join(folder, 'got'))
    assert.equal(await readFile(path.join(folder, 'got'), 'utf8'), 'content')
  })
})

describe('aws s3', () => {
  const skip = whyNot(['aws', '--version']) ?? false

  it('lists, copies and deletes objects', { skip }, async (t) => {
    const { store, keys, contentOf } = await filled(t, 'of-aws')
    assert.match(await aws('ls'), new RegExp(` of-aws\\n`))
    const listed = await aws('ls', '--recursive', `s3://of-aws/`)
    for (const key of KEYS) assert.ok(listed.includes(` ${key}\n`), listed)
    assert.match(await aws('ls', `s3://of-aws/a/`), /PRE b\//)
    await aws('cp', `s3://of-aws/a/2 & 3`, `s3://of-aws/copied`)
    assert.equal(await contentOf('copied'), 'content of a/2 & 3')
    assert.equal((await store.head('copied')).metadata['of'], 'us')
    await aws('cp', path.join(folder, 'file'), `s3://of-aws/from file`)
    assert.equal(await aws('cp', `s3://of-aws/from file`, '-'), 'content')
    await aws('rm', '--recursive', `s3://of-aws/a/`)
    assert.deepEqual(
      (await keys()).filter((key) => key.startsWith('a/')),
      [],
    )
  })
})
