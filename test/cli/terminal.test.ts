/** What people see: ossup in a terminal of its own, whose screen is looked at. */
import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Emulator } from '../../src/emulator/index.js'
import { run, whyNot } from '../support/commands.js'
import { embeddedStore } from '../support/embedded-store.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { MAIN, ossupEnvironment } from './ossup.js'

const skip = whyNot(['tmux', '-V']) ?? false
const MiB = 1024 * 1024

/** Writes 18 MiB and stays: the terminal ends it when it is closed. */
const PRODUCER = `process.stderr.write('a word of the producer\\n')
process.stdout.write(Buffer.alloc(18 * ${MiB}))
setInterval(() => {}, 1000)`

interface Screen {
  /** What is on it, in lines, when it shows `expected`; `ESC` stands for the character that begins a colour. */
  until(expected: RegExp): Promise<string[]>
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

async function terminal(
  t: { after(fn: () => unknown): void },
  emulator: Emulator,
  columns: number,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Screen> {
  const socket = path.join(await temporaryFolder(t), 'tmux')
  const tmux = (...rest: string[]) => run(['tmux', '-S', socket, '-f', '/dev/null', ...rest])
  const environment = Object.entries({ ...ossupEnvironment(emulator), ...variables }).filter(([name]) =>
    /^(OSS_|HOME$|PATH$|NO_COLOR$)/.test(name),
  )
  const assignments = environment.map(([name, value]) => `${name}=${quoted(value ?? '')}`)
  const command = [process.execPath, '--import', 'tsx', MAIN, ...args].map(quoted)
  const line = `cd ${quoted(path.dirname(MAIN))}; env -u NO_COLOR ${assignments.join(' ')} ${command.join(' ')}; echo status $?; cat`
  await tmux('new-session', '-d', '-x', String(columns), '-y', '24', line)
  t.after(() => tmux('kill-server').catch(() => undefined))
  return {
    async until(expected) {
      for (let attempt = 0; attempt < 600; attempt += 1) {
        const captured = await tmux('capture-pane', '-p', '-e')
        const screen = captured.replaceAll('\u001b', 'ESC')
        if (expected.test(screen)) return screen.trimEnd().split('\n')
        await delay(50)
      }
      return assert.fail(`the screen never showed ${String(expected)}:\n${await tmux('capture-pane', '-p')}`)
    },
  }
}

describe('the line on a terminal', { skip, concurrency: 2 }, () => {
  for (const columns of [80, 120]) {
    it(`stays one line at ${columns} columns, below what the command says`, async (t) => {
      const { emulator } = await embeddedStore(t)
      const put = ['put', 'oss://test-bucket/app.sql', '--expected-size', '24MiB', '--part-size', '2MiB']
      const screen = await terminal(t, emulator, columns, [...put, '--', process.execPath, '-e', PRODUCER])
      const lines = await screen.until(/18\.0 MiB of 24\.0 MiB|16\.0 MiB of 24\.0 MiB/)
      t.diagnostic(lines.join('\n'))
      assert.equal(lines.length, 2)
      assert.equal(lines[0], 'a word of the producer')
      assert.match(lines[1] ?? '', /^ESC\[32m\[=+> +\]ESC\[39m {2}(66|75)% {2}/)
    })
  }

  it('is the summary in the end, without colours where NO_COLOR says so', async (t) => {
    const { emulator } = await embeddedStore(t)
    const producer = `process.stdout.write(Buffer.alloc(9 * ${MiB}), () => setTimeout(() => process.exit(), 900))`
    const put = ['put', 'oss://test-bucket/app.sql', '--part-size', '1MiB', '--', process.execPath, '-e', producer]
    const screen = await terminal(t, emulator, 80, put, { NO_COLOR: '1' })
    const shown = await screen.until(/9\.00 MiB sent|8\.00 MiB sent/)
    assert.doesNotMatch(shown.join('\n'), /ESC\[3[0-9]/)
    const [first, second, third, status, ...others] = await screen.until(/status \d+/)
    assert.equal(first, 'stored oss://test-bucket/app.sql')
    assert.match(second ?? '', /^ {2}9437184 bytes \(9\.00 MiB\) in 9 parts, /)
    assert.match(third ?? '', /^ {2}CRC-64 \d+, ETag /)
    assert.equal(status, 'status 0')
    assert.deepEqual(others, [])
  })
})
