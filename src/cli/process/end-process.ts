import process from 'node:process'
import { DescriptorStream } from './descriptor-stream.js'
import { signalOfExitCode } from './exit-codes.js'
import type { OutputStream } from './output.js'

/**
 * Ends the process when its outcome is reported: the other end of a pipe, or a child that was left running,
 * must not delay it.
 */
export function endProcess(code: number, outputs: readonly OutputStream[]): void {
  // Node.js would wait for a thread that is in the middle of a write until its reader moves; a signal does not wait.
  const isStuck = outputs.some((output) => output instanceof DescriptorStream && output.isWriting)
  const signal = signalOfExitCode(code)
  if (isStuck && signal !== undefined) process.kill(process.pid, signal)
  process.exit(code)
}
