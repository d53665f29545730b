import { setTimeout as sleep } from 'node:timers/promises'

/** Resolves when the condition holds, looked at again and again: for what another process or a socket will bring about. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  // Long enough for any machine: a test that has to wait so long has failed.
  const end = Date.now() + 60_000
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`it did not come about: ${condition.toString()}`)
    await sleep(5)
  }
}
