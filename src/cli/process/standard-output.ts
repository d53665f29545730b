/**
 * Opens standard output and standard error so that no byte is lost and no other process is affected. Node.js would make a pipe
 * non-blocking for all processes that share it, ignore short writes to files, and write nothing to block devices.
 */
import { constants, fstatSync, openSync, type Stats } from 'node:fs'
import { Socket } from 'node:net'
import process from 'node:process'
import { isatty } from 'node:tty'
import { DescriptorStream } from './descriptor-stream.js'
import type { OutputStream } from './output.js'

/** 1 for standard output, 2 for standard error. */
export function openStandardOutput(fd: 1 | 2): OutputStream {
  // Node.js opens the terminal separately, and reports its width.
  if (isatty(fd)) return fd === 1 ? process.stdout : process.stderr
  const found = fstatSync(fd)
  return (found.isFIFO() ? openPipeAgain(fd) : undefined) ?? new DescriptorStream(fd, { isFile: isFileLike(found) })
}

/**
 * Reopens the pipe. On Linux the new descriptor has its own flags, so the descriptor that other processes share stays blocking. Returns
 * undefined if that is impossible: the pipe belongs to another user, or the system duplicates the descriptor instead.
 */
function openPipeAgain(fd: number): OutputStream | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    const own = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK)
    return new Socket({ fd: own, readable: false, writable: true })
  } catch {
    return undefined
  }
}

function isFileLike(found: Stats): boolean {
  return found.isFile() || found.isBlockDevice() || found.isCharacterDevice()
}
