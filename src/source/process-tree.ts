/** Ends a process together with the processes that it started: ending a shell does not end its commands. */
import { type ChildProcess, execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

/**
 * How long to wait for a process after SIGKILL: one that waits for a broken disk does not end before that
 * does.
 */
const KILLED_MS = 5_000
const POLL_MS = 20

const run = promisify(execFile)

interface Member {
  pid: number
  /** When it started, as /proc reports it: another process may get the same number later. */
  startTime?: string
}

/**
 * Sends SIGTERM to the process and its descendants, and SIGKILL to those that are still running after `graceMs`.
 * Resolves when all have ended, or cannot be ended because they run as another user or do not react to SIGKILL.
 *
 * Does not find descendants whose parent has ended before, or any on Windows.
 */
export async function endProcessTree(child: ChildProcess, graceMs: number): Promise<void> {
  const { pid } = child
  if (pid === undefined || hasEnded(child)) return
  let left = await membersOf(pid)
  for (const member of left) send(member, 'SIGTERM')
  const killAt = performance.now() + graceMs
  let isKilled = false
  while ((left = await stillThere(left, child)).length > 0) {
    const now = performance.now()
    if (now > killAt + KILLED_MS) return
    if (now >= killAt && !isKilled) {
      isKilled = true
      for (const member of left) send(member, 'SIGKILL')
    }
    await delay(POLL_MS)
  }
}

async function membersOf(pid: number): Promise<Member[]> {
  const own = await memberOf(pid)
  // Without /proc the numbers are all there is.
  if (own === undefined) return [pid, ...descendantsIn(await listProcesses(), pid)].map((each) => ({ pid: each }))
  const children = await Promise.all((await childrenOf(pid)).map(membersOf))
  return [own, ...children.flat()]
}

async function memberOf(pid: number): Promise<Member | undefined> {
  const fields = await statOf(pid)
  // Field 22 of /proc/PID/stat, see proc_pid_stat(5); the first two are not among these.
  return fields?.[19] === undefined ? undefined : { pid, startTime: fields[19] }
}

/** The fields of /proc/PID/stat from the third on, the state. The second one is a name that may contain anything. */
async function statOf(pid: number): Promise<string[] | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const end = text.lastIndexOf(') ')
  return end === -1 ? undefined : text.slice(end + 2).split(' ')
}

/** Every thread lists the processes that it started. */
async function childrenOf(pid: number): Promise<number[]> {
  const folder = `/proc/${pid}/task`
  const threads = await readdir(folder).catch(() => [])
  const lists = await Promise.all(
    threads.map((thread) => readFile(`${folder}/${thread}/children`, 'utf8').catch(() => '')),
  )
  return lists.join(' ').split(' ').filter(Boolean).map(Number)
}

/** Lines of `PID PARENT`. */
async function listProcesses(): Promise<string> {
  if (process.platform === 'win32') return ''
  return run('ps', ['-A', '-o', 'pid=,ppid=']).then(
    ({ stdout }) => stdout,
    () => '',
  )
}

/** Returns the descendants of a process, from lines of `PID PARENT`. */
export function descendantsIn(list: string, pid: number): number[] {
  const pairs = list.split('\n').map((line) => line.trim().split(/\s+/).map(Number))
  const under = (parent: number): number[] =>
    pairs.flatMap(([child = 0, of]) => (of === parent && child !== parent ? [child, ...under(child)] : []))
  return under(pid)
}

/**
 * A descendant that has ended does not count as running, even if its parent has not waited for it, as process 1 of a
 * container may not. The child itself has ended when Node.js has waited for it.
 */
async function stillThere(members: readonly Member[], child: ChildProcess): Promise<Member[]> {
  const found = await Promise.all(
    members.map(async (member) => {
      if (member.pid === child.pid) return !hasEnded(child) && send(member, 0)
      if (member.startTime === undefined) return send(member, 0)
      const fields = await statOf(member.pid)
      return fields?.[19] === member.startTime && !isZombie(fields) && send(member, 0)
    }),
  )
  return members.filter((_member, index) => found[index])
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

/**
 * Fields 3 and 20 of /proc/PID/stat. The first thread may be a zombie while the others, and the files of the process,
 * still exist.
 */
function isZombie(fields: readonly string[]): boolean {
  return /[ZX]/.test(fields[0] ?? '') && Number(fields[17]) <= 1
}

/** Returns whether there is such a process, and it may be sent a signal. */
function send({ pid }: Member, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}
