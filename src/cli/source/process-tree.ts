import type { ChildProcess } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'

/** How long processes may take to end after SIGTERM. */
const GRACE_MS = 5_000
const POLL_MS = 20

/**
 * Ends a process and, where the system lists them (Linux), the processes that it has started: a shell does not end what it
 * runs. Resolves when all are gone.
 */
export async function endProcessTree({ pid, exitCode, signalCode }: ChildProcess): Promise<void> {
  if (pid === undefined) return
  const tree = exitCode === null && signalCode === null ? await withDescendants(pid) : []
  for (const each of tree) signalTo(each, 'SIGTERM')
  const deadline = performance.now() + GRACE_MS
  while (tree.some((each) => signalTo(each, 0))) {
    if (performance.now() > deadline) for (const each of tree) signalTo(each, 'SIGKILL')
    await delay(POLL_MS)
  }
}

async function withDescendants(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  const children = text.split(' ').filter((word) => word !== '')
  const further = await Promise.all(children.map((child) => withDescendants(Number(child))))
  return [pid, ...further.flat()]
}

/** Returns whether there is such a process. */
function signalTo(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}
