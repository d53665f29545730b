/** Runs the command with this process's streams, arguments and environment. */
import process from 'node:process'
import { inheritedDescriptors } from './process/inherited-descriptors.js'
import { endProcess } from './process/end-process.js'
import { EXIT } from './process/exit-codes.js'
import { delayOptimisationOfParser } from './process/response-parser.js'
import { openStandardOutput } from './process/standard-output.js'
import { run } from './run.js'

export async function start(): Promise<void> {
  const stdout = openStandardOutput(1)
  const stderr = openStandardOutput(2)
  const args = process.argv.slice(2)
  // If the event loop becomes empty before the outcome is known, the process has failed.
  process.exitCode = EXIT.failed
  delayOptimisationOfParser()
  const code = await run({
    args,
    stdin: { fd: 0 },
    descriptors: inheritedDescriptors,
    stdout,
    stderr,
    environment: process.env,
  })
  endProcess(code, [stdout, stderr])
}
