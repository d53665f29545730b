import { execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { temporaryFolder } from './temporary-folder.js'

/** The reading end of a pipe to which a script of a shell writes: `$1` of it is the argument. */
export async function pipeFrom(t: Pick<TestContext, 'after'>, script: string, argument = ''): Promise<number> {
  const file = path.join(await temporaryFolder(t), 'pipe')
  execFileSync('mkfifo', [file])
  const readEnd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  const writeEnd = openSync(file, constants.O_WRONLY)
  const writer = spawn('bash', ['-c', script, 'bash', argument], { stdio: ['ignore', writeEnd, 'ignore'] })
  closeSync(writeEnd)
  t.after(() => writer.kill('SIGKILL'))
  return readEnd
}
