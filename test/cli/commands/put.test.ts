import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { access, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { factsOf } from '../../../src/cli/process/failure.js'
import { readAll, someBytes } from '../../support/bytes.js'
import { emulatedStore, exists, unfinishedUploads } from '../../support/emulated-store.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { until } from '../../support/until.js'
import { ossup, ossupProcess, startOssup } from '../ossup.js'

const KEY = 'backups/app.sql'
const TARGET = `oss://test-bucket/${KEY}`

/** Writes more than one part, then ends in its own way. */
const producer = (ending: string) => [
  '--',
  process.execPath,
  '-e',
  `process.stdout.write(Buffer.alloc(10_000_000, 'x'), () => { ${ending} })`,
]

describe('ossup put', { concurrency: 3 }, () => {
  it('stores standard input and says what it stored', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const bytes = someBytes(9_000_000)
    const { code, stdout, stderr } = await ossup(emulator, ['put', TARGET], { input: bytes })
    assert.equal(code, 0, stderr)
    const { body, crc64, etag } = await store.get(KEY)
    assert.equal(Buffer.compare(await readAll(body), bytes), 0)
    assert.match(
      stdout,
      /^stored oss:\/\/test-bucket\/backups\/app\.sql\n {2}9,000,000 bytes \(8\.58 MiB\) in 2 parts, /,
    )
    assert.ok(stdout.endsWith(`CRC-64 ${crc64!}, ETag ${etag}\n`), stdout)
    assert.equal(stderr, '')
  })

  it('stores an empty object for an empty stream with --allow-empty', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    assert.equal((await ossup(emulator, ['put', TARGET, '-q', '--allow-empty'])).code, 0)
    assert.equal((await store.head(KEY)).size, 0)
  })

  it('stores what a command writes, with what the options say', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const options = [
      '--part-size',
      '100KiB',
      '--concurrency=2',
      '--content-type',
      'text/plain',
      '--metadata',
      'by=me=you',
    ]
    const more = ['--header', 'Cache-Control=no-cache', '--storage-class', 'IA', '--tag', 'a=b', '--sse', 'AES256']
    const { code, stdout, stderr } = await ossup(emulator, ['put', ...options, ...more, TARGET, ...producer('')])
    assert.equal(code, 0, stderr)
    assert.match(stdout, /in 98 parts/)
    const { size, contentType, metadata, headers } = await store.head(KEY)
    assert.deepEqual(
      { size, contentType, metadata },
      { size: 10_000_000, contentType: 'text/plain', metadata: { by: 'me=you' } },
    )
    assert.equal(headers['cache-control'], 'no-cache')
    assert.equal(headers['x-oss-storage-class'], 'IA')
    assert.equal(headers['x-oss-server-side-encryption'], 'AES256')
  })

  for (const [what, ending, message] of [
    ['ends with another status', 'process.exit(3)', /ended with status 3; oss:\/\/.* was not stored\n$/],
    ['is killed', `process.kill(process.pid, 'SIGKILL')`, /ended with SIGKILL; /],
    [
      'closes its output and then fails',
      `require('fs').closeSync(1); setTimeout(() => process.exit(9), 50)`,
      /status 9; /,
    ],
  ] as const) {
    it(`stores nothing when the command ${what}`, async (t) => {
      const { emulator, store } = await emulatedStore(t)
      const { code, stdout, stderr } = await ossup(emulator, ['put', TARGET, ...producer(ending)])
      assert.equal(code, 3)
      assert.match(stderr, message)
      assert.equal(stdout, '')
      assert.equal(await exists(store, KEY), false)
      assert.deepEqual(await unfinishedUploads(store), [])
    })
  }

  it('ends the command when the upload fails', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    emulator.faults.inject({
      match: { operation: 'UploadPart' },
      action: { type: 'error', status: 403, code: 'AccessDenied' },
    })
    // It says who it is before there is anything to upload.
    const tell = `process.stderr.write('pid ' + process.pid + '\\n')`
    const endless = `${tell}; setInterval(() => {}, 1000); process.stdout.write(Buffer.alloc(10_000_000, 'x'))`
    const { code, stderr } = await ossupProcess(emulator, ['put', TARGET, '--', process.execPath, '-e', endless])
    assert.equal(code, 4, stderr)
    assert.match(stderr, /AccessDenied/)
    const pid = Number(/pid (\d+)/.exec(stderr)?.[1])
    assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
    assert.deepEqual(await unfinishedUploads(store), [])
  })

  it('says how a command is typed where one was not found', async (t) => {
    const { emulator } = await emulatedStore(t)
    for (const [args, message] of [
      [['pg_dump'], /there is no file pg_dump; a command must follow --\n/],
      [
        ['--', 'no-such-command app'],
        /there is no command "no-such-command app"; its arguments are words of their own/,
      ],
      [['--', 'no-such-command'], /there is no command "no-such-command"; oss:/],
    ] as const) {
      const { code, stderr } = await ossup(emulator, ['put', TARGET, ...args])
      assert.equal(code, 3)
      assert.match(stderr, message)
    }
  })

  it('says what to look at where the region is another, and where no host has that name', async (t) => {
    const { emulator } = await emulatedStore(t)
    const { stderr } = await ossup(emulator, ['head', TARGET, '--region', 'cn-beijing'])
    assert.match(stderr, /\n {2}the region is not that of the endpoint: check --region or OSS_REGION\n/)
    const unknownHost = new Error('PutObject for "k" failed after 8 attempts in 9 s: getaddrinfo ENOTFOUND b.example')
    assert.deepEqual(factsOf(unknownHost, TARGET), [
      'no host has that name: check the region, the endpoint and the bucket',
    ])
  })

  it('stores files below a target that ends with a slash', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const folder = await temporaryFolder(t)
    const files = ['a.txt', 'größe.txt'].map((name) => path.join(folder, name))
    for (const file of files) await writeFile(file, path.basename(file))
    const { code, stdout, stderr } = await ossup(emulator, ['put', 'oss://test-bucket/in/', ...files])
    assert.equal(code, 0, stderr)
    assert.equal(stdout.match(/^stored/gm)?.length, 2)
    assert.equal((await readAll((await store.get('in/größe.txt')).body)).toString(), 'größe.txt')
  })

  it('never replaces an object where it must not', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    assert.equal((await ossup(emulator, ['put', TARGET], { input: 'first' })).code, 0)
    const { code, stderr } = await ossup(emulator, ['put', TARGET, '--forbid-overwrite'], { input: 'second' })
    assert.equal(code, 4)
    assert.match(stderr, /exists/)
    assert.equal((await store.head(KEY)).size, 5)
  })

  it('reports events to programs', async (t) => {
    const { emulator } = await emulatedStore(t)
    const { code, stdout } = await ossup(emulator, ['put', '--json', '--progress-every', '0s', TARGET, ...producer('')])
    assert.equal(code, 0)
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; size?: number })
    assert.equal(events[0]?.event, 'start')
    assert.equal(events.filter(({ event }) => event === 'part').length, 2)
    assert.ok(events.some(({ event }) => event === 'progress'))
    assert.deepEqual([events.at(-1)?.event, events.at(-1)?.size], ['done', 10_000_000])
    const usual = await ossup(emulator, ['put', '--json', TARGET, ...producer('')])
    assert.ok(!usual.stdout.includes('"progress"'))
  })

  it('uploads on when the reader of its events goes away', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const { child, ended } = startOssup(emulator, ['put', '--json', TARGET])
    child.stdout.destroy()
    child.stdin.end('all of it')
    const { code, stderr } = await ended
    assert.equal(code, 0, stderr)
    assert.equal((await store.head(KEY)).size, 9)
  })
})

describe('the guards of ossup put', { concurrency: 3 }, () => {
  for (const [what, args, input, refusal] of [
    ['--min-size lets pass', ['--min-size', '5'], 'enough', undefined],
    ['--min-size refuses', ['--min-size', '1KiB'], 'small', /ended after 5 B/],
    ['--size lets pass', ['--size', '6'], 'enough', undefined],
    ['--size refuses what is shorter', ['--size', '6'], 'small', /ended after 5 bytes: --size is 6 bytes/],
    ['--size refuses what is longer', ['--size', '6'], 'too long', /longer than --size 6 bytes/],
    ['--expect-tail lets pass', ['--expect-tail', '-- complete'], 'dump\n-- complete on Monday\r\n\n', undefined],
    ['--expect-tail refuses', ['--expect-tail', '-- complete'], 'dump\n-- compl', /ends with "dump\\n-- compl"/],
    [
      '--expect-tail refuses what is too far from the end',
      ['--expect-tail', '-- complete'],
      `-- complete${'x'.repeat(1020)}`,
      /--expect-tail "-- complete" is not in its last 1024 bytes/,
    ],
    ['--expect-tail looks at a text that is longer', ['--expect-tail', 'x'.repeat(2000)], 'x'.repeat(2000), undefined],
  ] as const) {
    it(what, async (t) => {
      const { emulator, store } = await emulatedStore(t)
      const { code, stderr } = await ossup(emulator, ['put', TARGET, ...args], { input })
      assert.equal(code, refusal === undefined ? 0 : 3, stderr)
      if (refusal !== undefined) assert.match(stderr, refusal)
      assert.equal(await exists(store, KEY), refusal === undefined)
    })
  }

  it('--sha256 looks at the whole stream', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const file = path.join(await temporaryFolder(t), 'app.sql.sha256')
    await writeFile(file, `${createHash('sha256').update('the dump').digest('hex')}  app.sql\n`)
    assert.equal((await ossup(emulator, ['put', TARGET, '--sha256', file], { input: 'the du' })).code, 3)
    assert.equal(await exists(store, KEY), false)
    assert.equal((await ossup(emulator, ['put', TARGET, '--sha256', file], { input: 'the dump' })).code, 0)
  })
})

describe('--bandwidth-limit', () => {
  it('is what the store sends at most', async (t) => {
    const { emulator } = await emulatedStore(t)
    const args = ['put', TARGET, '--json', '--bandwidth-limit', '4MiB']
    const { code, stdout } = await ossup(emulator, args, { input: Buffer.alloc(6 * 1024 * 1024) })
    assert.equal(code, 0)
    const { elapsedMs } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { elapsedMs: number }
    // Slower for any reason is no fault of the limit; faster would be.
    assert.ok(elapsedMs >= 1000, `${elapsedMs} ms`)
  })

  it('is refused where it has no sense', async (t) => {
    const { emulator } = await emulatedStore(t)
    const { code, stderr } = await ossup(emulator, ['put', TARGET, '--bandwidth-limit', '1B'])
    assert.equal(code, 2)
    assert.match(stderr, /bandwidthLimit must be .* \(got 1\)/)
  })
})

describe('--checkpoint', () => {
  it('keeps what was sent when the upload is aborted, and resumes it', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const file = path.join(await temporaryFolder(t), 'app.checkpoint')
    const bytes = someBytes(30_000_000)
    const args = ['put', TARGET, '--checkpoint', file]
    const { child, ended } = startOssup(emulator, [...args, '--json'])
    let events = ''
    child.stdout.on('data', (chunk: Buffer) => (events += chunk.toString()))
    child.stdin.write(bytes.subarray(0, 20_000_000))
    await until(() => (events.match(/"event":"part"/g) ?? []).length === 2)
    child.kill('SIGINT')
    const { code, stderr } = await ended
    assert.equal(code, 130)
    assert.match(stderr, /ended by SIGINT; .* was not stored yet: run it again with the same --checkpoint to resume\n$/)
    assert.deepEqual(await unfinishedUploads(store), [KEY])

    const again = await ossup(emulator, args, { input: bytes })
    assert.equal(again.code, 0, again.stderr)
    assert.match(again.stderr, /^ossup: resumes upload \w+: 2 parts, 16\.0 MiB$/m)
    assert.match(again.stdout, / in 4 parts, 2 of them sent before, /)
    assert.equal(Buffer.compare(await readAll((await store.get(KEY)).body), bytes), 0)
    assert.deepEqual(await unfinishedUploads(store), [])
    await assert.rejects(access(file), { code: 'ENOENT' })
  })
})
