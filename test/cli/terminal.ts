/** A terminal of 24 lines whose screen can be looked at, and whose keys can be pressed. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Emulator } from '../../src/emulator/index.js'
import { run, whyNot } from '../support/commands.js'
import { PROJECT } from '../support/project.js'
import { until } from '../support/until.js'
import { ossupEnvironment, quoted } from './ossup.js'

/** Why there is no terminal here; false where there is one. */
export const noTerminal: string | false = whyNot(['tmux', '-V']) ?? false

/** Nothing that is looked at here takes so long; also a test that is killed leaves no terminal behind for longer. */
const MAX_SECONDS = 300

export interface Terminal {
  /** What is on the screen, in lines, when it shows `expected`. */
  until(expected: RegExp): Promise<string[]>
  /** The screen with its colours: `ESC` stands for the character that begins one. */
  colours(): Promise<string>
  /** Presses keys, as tmux names them, such as `C-c` or `Tab`. */
  press(...keys: string[]): Promise<void>
  resize(columns: number): Promise<void>
}

/** Runs a script of bash in a terminal that is gone when the test ends. */
export async function openTerminal(
  t: Pick<TestContext, 'after'>,
  emulator: Emulator | undefined,
  columns: number,
  script: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<Terminal> {
  const folder = await mkdtemp(path.join(tmpdir(), 'ossup-terminal-'))
  const tmux = (...args: string[]) => run(['tmux', '-S', path.join(folder, 'tmux'), '-f', '/dev/null', ...args])
  const environment = Object.entries({ ...ossupEnvironment(emulator), ...variables })
    .filter(([name]) => /^(OSS_|HOME$|PATH$|NO_COLOR$)/.test(name))
    .map(([name, value]) => `${name}=${value ?? ''}`)
  const shell = ['env', '-u', 'NO_COLOR', ...environment, 'timeout', '--foreground', `${MAX_SECONDS}`, 'bash', '-c']
  const inFolder = `cd ${quoted(PROJECT)}; ${script}`
  const command = [...shell, inFolder].map(quoted).join(' ')
  const started = await tmux(...['new-session', '-d', '-P', '-F', '#{pid}', '-x', `${columns}`, '-y', '24', command])
  const server = Number(started)
  t.after(async () => {
    // By its number: the folder that it is spoken to through may be gone.
    if (isRunning(server)) process.kill(server, 'SIGTERM')
    await until(() => !isRunning(server))
    await rm(folder, { recursive: true, force: true })
  })
  return {
    async until(expected) {
      let screen = ''
      for (let attempt = 0; attempt < 600; attempt += 1) {
        screen = await tmux('capture-pane', '-p')
        if (expected.test(screen)) return screen.trimEnd().split('\n')
        await delay(50)
      }
      return assert.fail(`the screen never showed ${String(expected)}:\n${screen}`)
    },
    async colours() {
      return (await tmux('capture-pane', '-p', '-e')).replaceAll('\u001b', 'ESC')
    },
    async press(...keys) {
      await tmux('send-keys', ...keys)
    },
    async resize(width) {
      await tmux('resize-window', '-x', `${width}`)
    },
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
