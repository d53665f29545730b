import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { descendantsIn } from '../../src/source/process-tree.js'
import { RunningCommand } from '../../src/source/running-command.js'

const noProc = process.platform === 'linux' ? false : 'there is no /proc'

/** Whether a process is there, or a thread of it; one that has ended and was not waited for is not. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z')
  const [state = '', ...fields] = stat.slice(stat.lastIndexOf(') ') + 2).split(' ')
  return !/[ZX]/.test(state) || Number(fields[16] ?? 1) > 1
}

/** A process with threads, and memory that takes a while to be freed, so that its first thread ends before the others. */
const THREADS = `'${process.execPath}' -e '
  const memory = Array.from({ length: 80 }, () => Buffer.alloc(1e6, 1));
  require("fs").readFile("/dev/null", () => console.log(process.pid, memory.length > 0));
  setInterval(() => {}, 1000)'`

describe('a running command', () => {
  it('is ended once, however often that is requested', async () => {
    const command = new RunningCommand(spawn('sleep', ['60']), 60_000)
    await Promise.all([command.stop(), command.stop()])
    assert.deepEqual(await command.ended, { code: null, signal: 'SIGTERM' })
    await command.stop()
  })

  for (const [what, script, graceMs] of [
    ['', 'sleep 60 & (sleep 60; true) & echo $! $(pgrep -P $!) $(pgrep -P $$ sleep); wait', 60_000],
    [' that heed no SIGTERM', `trap '' TERM; (while :; do sleep 1; done) & echo $!; wait`, 50],
  ] as const) {
    it(`is ended with the processes that it has started${what}`, { skip: noProc }, async () => {
      const child = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] })
      const [line] = (await once(child.stdout, 'data')) as [Buffer]
      const pids = line.toString().trim().split(' ').map(Number)
      const command = new RunningCommand(child, graceMs)
      await command.stop()
      for (const pid of pids) assert.equal(await isRunning(pid), false)
    })
  }

  it('has been waited for by then, so that nothing of it is left', async () => {
    for (let i = 0; i < 3; i += 1) {
      const child = spawn('sh', ['-c', `exec ${THREADS}`], { stdio: ['ignore', 'pipe', 'inherit'] })
      await once(child.stdout, 'data')
      await new RunningCommand(child, 60_000).stop()
      assert.equal(child.signalCode, 'SIGTERM')
      assert.throws(() => process.kill(child.pid ?? 0, 0), { code: 'ESRCH' })
    }
  })

  it('is ended with all threads of the processes that it has started', { skip: noProc }, async () => {
    for (let i = 0; i < 3; i += 1) {
      const child = spawn('bash', ['-c', `${THREADS} & wait`], { stdio: ['ignore', 'pipe', 'inherit'] })
      const [line] = (await once(child.stdout, 'data')) as [Buffer]
      const pid = Number.parseInt(line.toString(), 10)
      await new RunningCommand(child, 60_000).stop()
      assert.equal(await isRunning(pid), false)
    }
  })

  it('is not waited for when it may not be ended, because it runs as another user', { skip: noProc }, async (t) => {
    const foreign = spawn('sleep', ['60'])
    t.after(() => foreign.kill())
    const kill = process.kill.bind(process)
    t.mock.method(process, 'kill', (pid: number, signal: NodeJS.Signals) => {
      if (pid === foreign.pid) throw Object.assign(new Error('kill EPERM'), { code: 'EPERM', syscall: 'kill' })
      return kill(pid, signal)
    })
    await new RunningCommand(foreign, 60_000).stop()
    assert.equal(await isRunning(foreign.pid ?? 0), true)
    t.mock.restoreAll()
  })

  it('has its descendants found with ps if there is no /proc', () => {
    assert.deepEqual(
      descendantsIn('    1     0\n   20     1\n   21    20\n  300    21\n   22    20\n   30     1\n', 20),
      [21, 300, 22],
    )
    assert.deepEqual(descendantsIn('', 20), [])
  })
})
