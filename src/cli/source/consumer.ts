/** Runs a command with an object on its standard input, which is closed only when the object is complete and verified. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { EXIT } from '../process/exit-codes.js'
import { Failure } from '../process/failure.js'
import type { OutputFile } from './output-file.js'
import { type ObjectBytes, viewWriter } from '../process/object-bytes.js'
import { cannotRun, endingOf, endProcessTree, unlessAborted } from '../../internal.js'

/** How long the command may take to end after SIGTERM. */
const GRACE_MS = 5_000

type Consumer = ChildProcessByStdio<Writable, null, null>

/** Starts the command. If the object cannot be written completely, the caller must call `discard`, which kills the command. */
export async function startConsumer(command: readonly string[]): Promise<OutputFile> {
  const [name = '', ...args] = command
  const child = spawn(name, args, { stdio: ['pipe', 'inherit', 'inherit'] })
  const gone = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(code === 0 ? '' : endingOf(code, signal)))
  })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (error: NodeJS.ErrnoException) => {
      reject(new Failure(EXIT.source, cannotRun(name, error), error))
    })
  })
  return {
    writeAll: (object, signal) => feed(child, name, gone, object, signal),
    async discard() {
      // The command is killed before its input is closed: an end of file would mean that the object is complete.
      await endProcessTree(child, GRACE_MS)
      child.stdin.destroy()
    },
  }
}

async function feed(
  { stdin }: Consumer,
  name: string,
  gone: Promise<string>,
  object: ObjectBytes,
  signal: AbortSignal,
): Promise<void> {
  const refused = new AbortController()
  const refuse = (how: string) =>
    refused.abort(new Failure(EXIT.source, `${name} ${how} before it had read the whole object`))
  void gone.then((ending) => refuse(ending === '' ? 'ended' : `ended with ${ending}`))
  // Its exit status explains more than the error of writing to it.
  stdin.on('error', () => setTimeout(() => refuse('closed its input'), LISTEN_MS))
  const stopped = AbortSignal.any([signal, refused.signal])
  await writeUnless(stopped, stdin, object)
  stdin.end()
  const ending = await gone
  if (ending !== '') throw new Failure(EXIT.source, `${name} ended with ${ending}`)
}

/** Milliseconds between the end of the input and the exit of the command. */
const LISTEN_MS = 200

/** Rejects with the reason of the signal once it is aborted. A write in flight ends when the input is destroyed. */
async function writeUnless(stopped: AbortSignal, stdin: Writable, object: ObjectBytes): Promise<void> {
  try {
    await unlessAborted(object.writeTo(viewWriter(stdin)), stopped, (reason) => reason as Error)
  } catch (error) {
    if (stdin.errored !== null && !stopped.aborted) await once(stopped, 'abort')
    throw stopped.aborted ? stopped.reason : error
  }
  stopped.throwIfAborted()
}
