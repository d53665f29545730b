import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { emulatedStore } from '../../../support/emulated-store.js'
import { ossup } from '../../ossup.js'

const HOUR = 3_600_000

/** A store whose clock is put back: what is put in it now is old. */
async function storeWithBackups(t: TestContext, hoursAgo: Readonly<Record<string, number>>) {
  let backMs = 0
  const emulated = await emulatedStore(t, { emulator: { now: () => new Date(Date.now() - backMs) } })
  for (const [key, hours] of Object.entries(hoursAgo)) {
    backMs = hours * HOUR
    await emulated.store.upload(key, key)
  }
  backMs = 0
  const keys = async () => {
    const list: string[] = []
    for await (const { key } of emulated.store.list()) list.push(key)
    return list
  }
  return { ...emulated, keys }
}

const linesOf = (text: string) => text.trimEnd().split('\n')
const documents = (text: string) => linesOf(text).map((line) => JSON.parse(line) as Record<string, unknown>)

describe('ossup ls', () => {
  it('lists objects below a target, the newest last, within 80 columns', async (t) => {
    const { emulator } = await storeWithBackups(t, { 'app/a.sql': 3.5, 'app/b.sql': 75, 'app/c.sql': 50, other: 1 })
    const { code, stdout } = await ossup(emulator, ['ls', 'oss://test-bucket/app/'])
    assert.equal(code, 0)
    assert.deepEqual(linesOf(stdout), [
      'SIZE  AGE  KEY',
      ' 9 B   3d  app/b.sql',
      ' 9 B   2d  app/c.sql',
      ' 9 B   3h  app/a.sql',
    ])
  })

  it('shows the newest few, or says that there are none', async (t) => {
    const { emulator } = await storeWithBackups(t, { a: 3, b: 75, c: 50 })
    const { stdout } = await ossup(emulator, ['ls', 'oss://test-bucket', '--last', '2', '--json'])
    assert.deepEqual(
      documents(stdout).map(({ target }) => target),
      ['oss://test-bucket/c', 'oss://test-bucket/a'],
    )
    const none = await ossup(emulator, ['ls', 'oss://test-bucket/nothing'])
    assert.deepEqual([none.code, none.stdout, none.stderr], [0, '', 'ossup: no objects\n'])
    const wrong = await ossup(emulator, ['ls', 'oss://test-bucket', '--last', '0'])
    assert.equal(wrong.code, 2)
  })

  it('lists all as JSON in the order of keys', async (t) => {
    const { emulator } = await storeWithBackups(t, { b: 1, a: 2 })
    const { stdout } = await ossup(emulator, ['ls', 'oss://test-bucket', '--json'])
    const found = documents(stdout)
    assert.deepEqual(
      found.map(({ key, size }) => [key, size]),
      [
        ['a', 1],
        ['b', 1],
      ],
    )
    assert.match(String(found[0]?.['lastModified']), /^\d{4}-\d\d-\d\dT/)
  })
})

describe('ossup get --newest', () => {
  it('reads the newest object below a target, and no folder', async (t) => {
    const { emulator, store } = await storeWithBackups(t, { 'app/1': 50, 'app/2': 2, 'app/3': 26, other: 1 })
    await store.upload('app/', '')
    const { code, stdout, stderr } = await ossup(emulator, ['get', '--newest', 'oss://test-bucket/app/'])
    assert.equal(code, 0, stderr)
    assert.equal(stdout, 'app/2')
    assert.match(stderr, /^read oss:\/\/test-bucket\/app\/2\n {2}5 bytes \(5 B\) in 1 range, /)
    const none = await ossup(emulator, ['get', '--newest', 'oss://test-bucket/none/'])
    assert.equal(none.code, 6)
    assert.match(none.stderr, /there is no object below oss:\/\/test-bucket\/none\//)
  })
})

describe('ossup rm', () => {
  it('removes one object, and fails where there is none', async (t) => {
    const { emulator, keys } = await storeWithBackups(t, { a: 1, b: 1 })
    const dry = await ossup(emulator, ['rm', '--dry-run', 'oss://test-bucket/a'])
    assert.equal(dry.stdout, 'would remove oss://test-bucket/a (1 B)\n')
    assert.deepEqual(await keys(), ['a', 'b'])
    const { code, stdout } = await ossup(emulator, ['rm', 'oss://test-bucket/a'])
    assert.deepEqual([code, stdout], [0, 'removed oss://test-bucket/a (1 B)\n'])
    assert.deepEqual(await keys(), ['b'])
    assert.equal((await ossup(emulator, ['rm', 'oss://test-bucket/a'])).code, 6)
    assert.equal((await ossup(emulator, ['rm', 'oss://test-bucket'])).code, 2)
  })
})

describe('ossup prune', () => {
  const backups = { 'app/1': 220, 'app/2': 125, 'app/3': 51, 'app/4': 25, 'apple/1': 24 * 30, other: 24 * 30 }

  it('removes what no rule keeps, and says why the others stay', async (t) => {
    const { emulator, store, keys } = await storeWithBackups(t, backups)
    await store.upload('app/', '')
    const args = ['prune', 'oss://test-bucket/app/', '--keep-last', '1', '--keep-within', '2d']
    const dry = await ossup(emulator, [...args, '--dry-run'])
    const table = ['ACTION  SIZE  AGE  WHY           KEY', 'remove   5 B   9d                app/1']
    assert.deepEqual(linesOf(dry.stdout).slice(0, 2), table)
    assert.match(dry.stdout, /^keep +5 B +2d +within +app\/3\nkeep +5 B +\d+h +within, last +app\/4$/m)
    assert.match(dry.stdout, /\nwould remove 2 \(10 B\), keeps 2\n$/)
    assert.equal((await keys()).length, 7)
    const { code, stdout } = await ossup(emulator, args)
    assert.equal(code, 0)
    assert.match(stdout, /\nremoved 2 \(10 B\), keeps 2\n$/)
    assert.deepEqual(await keys(), ['app/', 'app/3', 'app/4', 'apple/1', 'other'])
    const again = await ossup(emulator, [...args, '--json'])
    assert.deepEqual(
      documents(again.stdout).map(({ key, keep, removed }) => [key, keep, removed]),
      [
        ['app/3', true, false],
        ['app/4', true, false],
      ],
    )
  })

  it('never removes the last one', async (t) => {
    const { emulator, keys } = await storeWithBackups(t, { 'app/1': 24 * 30 })
    for (const rule of ['--keep-yearly', '--keep-last', '--keep-hourly']) {
      await ossup(emulator, ['prune', 'oss://test-bucket/app/', rule, '1'])
    }
    await ossup(emulator, ['prune', 'oss://test-bucket/app/', '--keep-within', '0s'])
    assert.deepEqual(await keys(), ['app/1'])
  })

  it('continues where one cannot be removed, and fails in the end', async (t) => {
    const { emulator, keys } = await storeWithBackups(t, backups)
    emulator.faults.inject({
      match: { operation: 'DeleteObject', key: 'app/1' },
      action: { type: 'error', status: 403, code: 'AccessDenied' },
    })
    const { code, stdout, stderr } = await ossup(emulator, ['prune', 'oss://test-bucket/app/', '--keep-last', '1'])
    assert.equal(code, 1)
    assert.match(stdout, /\nremoved 2 /)
    assert.match(stderr, /AccessDenied/)
    assert.deepEqual(await keys(), ['app/1', 'app/4', 'apple/1', 'other'])
  })

  it('needs a rule and a prefix', async (t) => {
    const { emulator } = await storeWithBackups(t, {})
    for (const [args, message] of [
      [['oss://test-bucket/app/'], /prune needs a rule/],
      [['oss://test-bucket/', '--keep-last', '1'], /what the keys of one series begin with/],
      [['oss://test-bucket/app/', '--keep-last', '0'], /--keep-last must be at least 1/],
    ] as const) {
      const { code, stderr } = await ossup(emulator, ['prune', ...args])
      assert.equal(code, 2)
      assert.match(stderr, message)
    }
    assert.deepEqual(emulator.requests, [])
  })
})

describe('ossup head as an alarm', () => {
  it('ends with status 7 when the object is old or small', async (t) => {
    const { emulator } = await storeWithBackups(t, { 'app/1': 30.5, 'app/2': 2 })
    for (const [args, code, message] of [
      [['oss://test-bucket/app/1', '--older-than', '26h'], 7, /app\/1 is 30h old, more than 26h/],
      [['oss://test-bucket/app/2', '--older-than', '26h'], 0, /^$/],
      [['oss://test-bucket/app/', '--newest', '--older-than', '26h', '--smaller-than', '5B'], 0, /^$/],
      [['oss://test-bucket/app/', '--newest', '--smaller-than', '1GB'], 7, /app\/2 is 5 bytes large, less than 1GB/],
      [['oss://test-bucket/none/', '--newest', '--older-than', '26h'], 6, /there is no object/],
      [['oss://test-bucket/none', '--older-than', '26h'], 6, /./],
    ] as const) {
      const ended = await ossup(emulator, ['head', ...args])
      assert.equal(ended.code, code, args.join(' '))
      assert.match(ended.stderr, message)
    }
  })
})

describe('a command that waits for a service', () => {
  it('says so at its first retry, and once', async (t) => {
    const { emulator } = await storeWithBackups(t, { a: 1 })
    for (const args of [
      ['head', 'oss://test-bucket/a'],
      ['ls', 'oss://test-bucket'],
      ['uploads', 'oss://test-bucket'],
      ['abort', 'oss://test-bucket', '--older-than', '1h'],
      ['prune', 'oss://test-bucket/a', '--keep-last', '1'],
      ['rm', '--dry-run', 'oss://test-bucket/a'],
    ]) {
      emulator.faults.inject({ action: { type: 'error', status: 500, code: 'InternalError' } })
      const { code, stderr } = await ossup(emulator, args)
      assert.equal(code, 0, stderr)
      assert.match(stderr, /^ossup: \w+: attempt 1 failed \(.*InternalError.*\), the next in /, args[0])
      assert.equal(stderr.match(/attempt/g)?.length, 1)
      emulator.faults.inject({ action: { type: 'error', status: 500, code: 'InternalError' } })
      assert.doesNotMatch((await ossup(emulator, [...args, '--quiet'])).stderr, /attempt/)
    }
  })

  it('says what to do about a refused connection', async () => {
    const environment = {
      OSS_REGION: 'cn-hangzhou',
      OSS_ACCESS_KEY_ID: 'id',
      OSS_ACCESS_KEY_SECRET: 'secret',
      OSS_ENDPOINT: 'http://127.0.0.1:1',
    }
    const { code, stderr } = await ossup(undefined, ['ls', 'oss://bucket', '--retry-for', '1s'], { environment })
    assert.equal(code, 1)
    assert.match(stderr, /^ossup: ListObjects: attempt 1 failed .*ECONNREFUSED.*\n {2}nothing listens on that port/)
  })
})
