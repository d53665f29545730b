/** A command that reads an object on its standard input, which is only closed when the object is complete and verified. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { EXIT } from '../process/exit-codes.js'
import { Failure } from '../process/failure.js'
import type { OutputFile } from './output-file.js'
import { cannotRun, endingOf, endProcessTree } from '../../internal.js'

/** How long the command may take to end after SIGTERM. */
const GRACE_MS = 5_000

type Consumer = ChildProcessByStdio<Writable, null, null>

/** Starts the command. If not all of the object is written to it, it must be discarded, which kills it. */
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
    writeAll: (chunks, signal) => feed(child, name, gone, chunks, signal),
    async discard() {
      // Killed before its input is closed, as an end of file would mean that the object was complete.
      await endProcessTree(child, GRACE_MS)
      child.stdin.destroy()
    },
  }
}

async function feed(
  { stdin }: Consumer,
  name: string,
  gone: Promise<string>,
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const refused = new AbortController()
  const refuse = (how: string) =>
    refused.abort(new Failure(EXIT.source, `${name} ${how} before it had read the whole object`))
  void gone.then((ending) => refuse(ending === '' ? 'ended' : `ended with ${ending}`))
  // How it ended says more than that its input is closed.
  stdin.on('error', () => setTimeout(() => refuse('closed its input'), LISTEN_MS))
  const stopped = AbortSignal.any([signal, refused.signal])
  for await (const chunk of chunks) {
    stopped.throwIfAborted()
    if (!stdin.write(chunk)) await room(stdin, stopped)
  }
  if (stdin.writableLength > 0) await room(stdin, stopped)
  stopped.throwIfAborted()
  stdin.end()
  const ending = await gone
  if (ending !== '') throw new Failure(EXIT.source, `${name} ended with ${ending}`)
}

/** How long the end of a command may come after that of its input. */
const LISTEN_MS = 200

async function room(stdin: Writable, stopped: AbortSignal): Promise<void> {
  try {
    await once(stdin, 'drain', { signal: stopped })
  } catch (error) {
    if (!stopped.aborted) await once(stopped, 'abort')
    throw stopped.aborted ? stopped.reason : error
  }
}
