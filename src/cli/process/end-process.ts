import process from 'node:process'
import { DescriptorStream } from './descriptor-stream.js'
import { signalOfExitCode } from './exit-codes.js'
import type { OutputStream } from './output.js'

/**
 * Ends the process after its outcome is reported. The other end of a pipe, or a running child, must not delay it.
 */
export function endProcess(code: number, outputs: readonly OutputStream[]): void {
  // Node.js would wait for a thread that is writing until its reader continues; a signal does not.
  const isStuck = outputs.some((output) => output instanceof DescriptorStream && output.isWriting)
  const signal = signalOfExitCode(code)
  if (isStuck && signal !== undefined) process.kill(process.pid, signal)
  process.exit(code)
}
