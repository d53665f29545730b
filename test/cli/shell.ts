/** Command lines as people type them, with ossup among the commands. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { text } from 'node:stream/consumers'
import type { Emulator } from '../../src/emulator/index.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { OSSUP, ossupEnvironment } from './ossup.js'

export interface ShellEnded {
  code: number | null
  stdout: string
  stderr: string
}

/** Runs scripts of bash in a folder of their own, in which `ossup` is the command; a pipe fails with what is in it. */
export type Shell = (script: string) => Promise<ShellEnded>

export async function openShell(
  t: Pick<TestContext, 'after'>,
  emulator: Emulator | undefined,
  variables: NodeJS.ProcessEnv = {},
): Promise<Shell> {
  const folder = await temporaryFolder(t)
  const command = path.join(folder, 'ossup')
  await writeFile(command, `#!/bin/sh\nexec ${OSSUP} "$@"\n`)
  await chmod(command, 0o755)
  const environment = { ...ossupEnvironment(emulator), ...variables }
  const env = { ...environment, PATH: `${folder}:${environment['PATH'] ?? ''}` }
  return async (script) => {
    const child = spawn('bash', ['-o', 'pipefail', '-c', script], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const closed = once(child, 'close') as Promise<[number | null]>
    const [[code], stdout, stderr] = await Promise.all([closed, text(child.stdout), text(child.stderr)])
    return { code, stdout, stderr }
  }
}
