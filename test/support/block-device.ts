/** A block device of its own for a test, made of a file by the loop driver. */
import { spawnSync } from 'node:child_process'
import { rm, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { run, whyNot } from './commands.js'
import { temporaryFolder } from './temporary-folder.js'

/** Why there is none here; false where there is one. */
export const noBlockDevice: string | false = whyNot(['losetup', '-f']) ?? false

/** The path of a device of this size that is gone when the test ends. */
export async function openBlockDevice(t: Pick<TestContext, 'after'>, bytes: number): Promise<string> {
  const file = path.join(await temporaryFolder(t), 'device')
  await writeFile(file, '')
  await truncate(file, bytes)
  const device = (await run(['losetup', '-f', '--show', file])).trim()
  t.after(async () => {
    spawnSync('losetup', ['-d', device])
    await rm(file, { force: true })
  })
  return device
}
