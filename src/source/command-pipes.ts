/** Pipes for the output of a command. */
import { execFile } from 'node:child_process'
import { closeSync, constants, openSync, readlinkSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { debugLine } from '../shared/diagnostics.js'
import { toError } from '../shared/errors.js'

const run = promisify(execFile)

export interface PipeEnds {
  /** Non-blocking; a descriptor of this process. */
  readEnd: number
  /** Blocking; for the command, to be closed here once it has started. */
  writeEnd: number
}

/**
 * Makes `count` real pipes. What Node makes of `'pipe'` is a socket, which a command cannot open by a name such as
 * /dev/stdout. A named pipe in a private folder is opened at both ends and then removed. Returns undefined if there is
 * no `mkfifo`, as on Windows.
 */
export async function openPipes(count: number): Promise<PipeEnds[] | undefined> {
  if (process.platform === 'win32') return undefined
  const opened: PipeEnds[] = []
  let folder: string | undefined
  try {
    folder = await mkdtemp(join(tmpdir(), 'oss-upload-stream-'))
    const paths = Array.from({ length: count }, (_, index) => join(folder ?? '', String(index)))
    await run('mkfifo', ['-m', '600', ...paths])
    for (const path of paths) opened.push(openEnds(path))
    return opened
  } catch (error) {
    for (const ends of opened) closePipe(ends)
    debugLine(`the output of the command is a socket, since there can be no named pipe: ${toError(error).message}`)
    return undefined
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  }
}

export function closePipe({ readEnd, writeEnd }: PipeEnds): void {
  closeSync(readEnd)
  closeSync(writeEnd)
}

/** A named pipe that has a reader can be opened for writing at once: neither call waits. */
function openEnds(path: string): PipeEnds {
  const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    return { readEnd, writeEnd: openSync(path, constants.O_WRONLY) }
  } catch (error) {
    closeSync(readEnd)
    throw error
  }
}

/**
 * Reopens an anonymous pipe of this process in blocking mode, for a command to inherit: Node.js sets O_NONBLOCK on the
 * standard streams that it uses, and the command would find its `echo >&2` failing with EAGAIN. Returns undefined if
 * the descriptor is no such pipe, or there is no /proc.
 */
export function blockingCopy(fd: 0 | 2): number | undefined {
  const path = `/proc/self/fd/${fd}`
  try {
    if (!readlinkSync(path).startsWith('pipe:')) return undefined
    return openSync(path, fd === 0 ? constants.O_RDONLY : constants.O_WRONLY)
  } catch {
    return undefined
  }
}
