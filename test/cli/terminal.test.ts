/** What people see: ossup in a terminal of its own, whose screen is looked at. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { emulatedStore, exists, unfinishedUploads } from '../support/emulated-store.js'
import { OSSUP, quoted } from './ossup.js'
import { noTerminal, openTerminal } from './terminal.js'

const MiB = 1024 * 1024
const TARGET = 'oss://test-bucket/app.sql'

/** Writes 18 MiB and stays, until a signal or the end of the terminal ends it. */
const PRODUCER = `process.stderr.write('a word of the producer\\n')
process.stdout.write(Buffer.alloc(18 * ${MiB}))
setInterval(() => {}, 1000)`

const node = (program: string) => `-- ${quoted(process.execPath)} -e ${quoted(program)}`

/** Stays open: the screen is looked at afterwards. */
const put = (args: string) => `${OSSUP} put ${TARGET} ${args}; echo status $?; cat`

const KNOWN = put(`--expected-size 24MiB --part-size 2MiB ${node(PRODUCER)}`)
const UNKNOWN = put(`--part-size 2MiB ${node(PRODUCER)}`)

describe('the line on a terminal', { skip: noTerminal, concurrency: 2 }, () => {
  for (const [what, script, expected] of [
    [
      'with a bar',
      KNOWN,
      {
        40: /^ 75% {2}18\.0\/24\.0 MiB {2}.{8}\/s {3}\d:\d\d$/m,
        80: /^\[=+> +\] {2} 75% {2}18\.0\/24\.0 MiB {2}.{8}\/s {3}\d:\d\d {3}\d:\d\d left {4}9\+0 parts$/m,
        120: /^\[=+> +\] {2} 75% {2}18\.0\/24\.0 MiB {2}.{8}\/s {2}mean .{8}\/s .* left {4}9\+0 parts {2}slow: \w+$/m,
      },
    ],
    [
      'of a stream of unknown size',
      UNKNOWN,
      {
        40: /^18\.0 MiB sent {2}.{8}\/s {3}\d:\d\d$/m,
        80: /^18\.0 MiB sent {2}.{8}\/s {2}mean .{8}\/s {3}\d:\d\d {4}9\+0 parts {2}slow: \w+$/m,
        120: /^18\.0 MiB sent {2}.{8}\/s {2}mean .{8}\/s .* {4}9\+0 parts {2}slow: \w+ +0 B held$/m,
      },
    ],
  ] as const) {
    it(`stays one line below what the command says and follows the width, ${what}`, async (t) => {
      const { emulator } = await emulatedStore(t)
      const terminal = await openTerminal(t, emulator, 40, script)
      for (const columns of [40, 80, 120] as const) {
        await terminal.resize(columns)
        const [said, line = '', ...others] = await terminal.until(expected[columns])
        t.diagnostic(line)
        assert.equal(said, 'a word of the producer')
        assert.ok(line.length < columns)
        assert.deepEqual(others, [])
      }
    })
  }

  it('has a green bar', async (t) => {
    const { emulator } = await emulatedStore(t)
    const terminal = await openTerminal(t, emulator, 80, KNOWN)
    await terminal.until(/18\.0\/24\.0 MiB/)
    assert.match(await terminal.colours(), /^ESC\[32m\[=+> +\]ESC\[39m/m)
  })

  it('is the summary in the end, without colours where NO_COLOR says so', async (t) => {
    const { emulator } = await emulatedStore(t)
    const producer = `process.stdout.write(Buffer.alloc(9 * ${MiB}), () => setTimeout(() => process.exit(), 900))`
    const script = put(`--part-size 1MiB ${node(producer)}`)
    const terminal = await openTerminal(t, emulator, 80, script, { NO_COLOR: '1' })
    const shown = await terminal.until(/9\.00 MiB sent|8\.00 MiB sent/)
    assert.equal(shown.length, 1)
    assert.doesNotMatch(await terminal.colours(), /ESC\[3[0-9]/)
    const [first, second, third, status, ...others] = await terminal.until(/status \d+/)
    assert.equal(first, `stored ${TARGET}`)
    assert.match(second ?? '', /^ {2}9,437,184 bytes \(9\.00 MiB\) in 9 parts, /)
    assert.match(third ?? '', /^ {2}CRC-64 \d+, ETag /)
    assert.equal(status, 'status 0')
    assert.deepEqual(others, [])
  })

  it('is gone after Ctrl-C, and what happened is said', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    // The shell gets the signal as well: it goes on, as an interactive one does.
    const terminal = await openTerminal(t, emulator, 80, `trap : INT; ${KNOWN}`)
    await terminal.until(/18\.0\/24\.0 MiB/)
    await terminal.press('C-c')
    assert.deepEqual(await terminal.until(/status \d+/), [
      'a word of the producer',
      'ossup: SIGINT: aborts cleanly; a second signal ends at once',
      `ossup: ended by SIGINT; ${TARGET} was not stored`,
      'status 130',
    ])
    assert.equal(await exists(store, 'app.sql'), false)
    assert.deepEqual(await unfinishedUploads(store), [])
  })

  it('leaves the screen to a second Ctrl-C, which ends at once', async (t) => {
    const { emulator } = await emulatedStore(t)
    emulator.faults.inject({
      match: { operation: 'AbortMultipartUpload' },
      times: Infinity,
      action: { type: 'stall', at: 'request' },
    })
    const terminal = await openTerminal(t, emulator, 80, `trap : INT; ${KNOWN}`)
    await terminal.until(/18\.0\/24\.0 MiB/)
    await terminal.press('C-c')
    await terminal.until(/a second signal ends at once/)
    await terminal.press('C-c')
    const [, , ...last] = await terminal.until(/status \d+/)
    assert.match(last.join('\n'), /^\^C\n?status 130$/)
  })
})
