import { setTimeout as delay } from 'node:timers/promises'
import { suggestionFor, VERSION } from '../internal.js'
import { refuseForeignBytes } from './options/argument-bytes.js'
import { type Arguments, parseArguments } from './options/arguments.js'
import type { Command } from './commands/command.js'
import { COMMANDS } from './commands/commands.js'
import { EXIT, exitCodeOfSignal } from './process/exit-codes.js'
import {
  debugText,
  exitCodeOf,
  factsOf,
  isCancelled,
  isEndedBySignal,
  messageOf,
  usageFailure,
} from './process/failure.js'
import { explain, overview } from './commands/explain/help.js'
import { COLOUR_TIMES, Output, type OutputStream } from './process/output.js'
import type { StandardInput } from './process/session.js'
import { listenForSignals } from './process/signals.js'
import { optionNamesIn } from './options/option-names.js'
import { secretsIn } from './access/secrets.js'

/** Milliseconds that the last output may take after a signal. */
const FINAL_OUTPUT_MS = 1_000

const VERSION_WORDS: readonly string[] = ['--version', 'version', '-v', '-V']
const FLAGS_BEFORE: readonly string[] = ['--json', '--quiet', '-q', '--debug']

export interface ProcessParts {
  args: readonly string[]
  stdin: StandardInput
  descriptors: () => readonly number[]
  stdout: OutputStream
  stderr: OutputStream
  environment: NodeJS.ProcessEnv
}

/** Runs one call of `ossup`. Resolves with the exit status when all output is written; never rejects. */
export async function run({
  args,
  stdin,
  descriptors,
  stdout: out,
  stderr: err,
  environment,
}: ProcessParts): Promise<number> {
  const stdout = new Output(out)
  const stderr = new Output(err)
  const [name = '', ...own] = commandFirst(args)
  const command = COMMANDS.find((one) => one.name === name)
  const wantsJson = ownPart(args).includes('--json')
  // If standard output contains an object, events go to standard error, which then contains no other text.
  const events = command?.writesObject === true ? stderr : stdout
  const isTextShown = !(wantsJson && events === stderr)
  let parsed: Arguments | undefined
  const interruption = listenForSignals((signal) => {
    // From now on the progress line would be wrong.
    stderr.bottomLine('')
    if (wantsJson) events.json({ event: 'interrupted', signal })
    const what = command?.endsBySignal === true ? 'ends' : 'aborts cleanly'
    if (isTextShown) stderr.line(`ossup: ${signal}: ${what}; a second signal ends at once`)
  })
  const { signal } = interruption
  let code: number
  try {
    code = await perform().catch((error: unknown) => {
      throw isCancelled(error) && signal.aborted ? signal.reason : error
    })
    const late = interruption.received()
    if (late !== undefined && command?.endsBySignal !== true && isTextShown) {
      stderr.line(`ossup: ${late} came too late: the command had finished`)
    }
  } catch (error) {
    // If a signal goes to the whole process group, its effect on the producer may be noticed first.
    if (isEndedBySignal(error)) await interruption.settled()
    code = report(error)
  } finally {
    interruption.dispose()
  }
  const flushed = Promise.all([stdout.flush(), stderr.flush()])
  // After a signal the process must not wait for a reader that has paused.
  await (signal.aborted ? settledWithin(FINAL_OUTPUT_MS, flushed) : flushed)
  return code

  async function perform(): Promise<number> {
    if (VERSION_WORDS.includes(name)) return print(VERSION)
    if (['', 'help', '--help', '-h'].includes(name)) return printHelp()
    if (command === undefined) throw usageFailure(unknown(name))
    if (asksForHelp(own)) return print(explain(command))
    refuseForeignBytes(args)
    parsed = parseArguments([...command.options, ...command.sharedOptions], own)
    checkOperands(command, parsed)
    const colours = parsed.options.choice('color', COLOUR_TIMES)
    for (const output of [stdout, stderr]) output.setColours(colours ?? 'auto')
    await command.run({ ...parsed, session: { stdin, descriptors, stdout, stderr, environment, signal } })
    if (command.mayLoseOutput !== true) await finishOutput()
    return EXIT.done
  }

  async function print(text: string): Promise<number> {
    stdout.lines(text)
    await finishOutput()
    return EXIT.done
  }

  async function finishOutput(): Promise<void> {
    await stdout.flush(signal)
    stdout.throwIfGone()
  }

  async function printHelp(): Promise<number> {
    const [topic] = own
    const explained = COMMANDS.find((one) => one.name === topic)
    if (explained !== undefined) return print(explain(explained))
    if (name !== '' && topic === undefined) return print(overview(COMMANDS))
    if (topic !== undefined) stderr.line(`ossup: ${unknown(topic)}`)
    stderr.lines(overview(COMMANDS))
    return EXIT.usage
  }

  function report(error: unknown): number {
    const received = interruption.received()
    const code =
      received === undefined ? exitCodeOf(error, command?.failureCode ?? EXIT.failed) : exitCodeOfSignal(received)
    const message = messageOf(error)
    const known = [...(command?.options ?? []), ...(command?.sharedOptions ?? [])].map((option) => option.name)
    const details = [
      ...(code === EXIT.usage ? optionNamesIn(message, known) : []),
      ...factsOf(error, parsed?.operands[0]),
    ]
    const debug = args.includes('--debug') ? debugText(error, secretsIn(environment, parsed?.options)) : undefined
    if (wantsJson) {
      const { code: errorCode } = error as { code?: unknown }
      events.json({ event: 'failed', message, code: errorCode, exitCode: code, details, debug })
    }
    if (code === EXIT.readerGone || !isTextShown) return code
    stderr.line(`ossup: ${message}`, 'red')
    for (const detail of details) stderr.line(`  ${detail}`)
    if (code === EXIT.usage) stderr.line(`  ${hintFor(command)}`)
    if (debug !== undefined) stderr.lines(debug)
    return code
  }
}

async function settledWithin(ms: number, task: Promise<unknown>): Promise<void> {
  const limit = new AbortController()
  const passed = delay(ms, undefined, { signal: limit.signal }).catch(() => undefined)
  await Promise.race([task, passed])
  limit.abort()
}

function unknown(name: string): string {
  const names = COMMANDS.map((one) => one.name)
  return `there is no command ${JSON.stringify(name)}: the commands are ${names.join(', ')}${suggestionFor(name, names)}`
}

/** Flags of every command may also be given before it. */
function commandFirst(args: readonly string[]): readonly string[] {
  const index = args.findIndex((arg) => !FLAGS_BEFORE.includes(arg))
  const name = args[index]
  return name === undefined ? args : [name, ...args.slice(0, index), ...args.slice(index + 1)]
}

function hintFor(command: Command | undefined): string {
  return command === undefined ? 'see ossup --help' : `see ossup ${command.name} --help`
}

/** Also if there are other mistakes. Arguments after `--` belong to another program. */
function asksForHelp(args: readonly string[]): boolean {
  const own = ownPart(args)
  return own.includes('--help') || own.includes('-h')
}

function ownPart(args: readonly string[]): readonly string[] {
  const end = args.indexOf('--')
  return end === -1 ? args : args.slice(0, end)
}

function checkOperands(command: Command, { operands, rest }: Arguments): void {
  const { min, max } = command.operands
  if (operands.length < min) throw usageFailure(`${command.name} needs ${command.synopses[0] ?? ''}`)
  if (operands.length > max)
    throw usageFailure(
      `${command.name} takes only ${command.synopses[0] ?? ''} (got also ${operands.slice(max).join(' ')})${command.writesObject === true ? `; to write a file: -o ${operands[max] ?? ''}` : ''}`,
    )
  if (rest?.[0] === '') throw usageFailure('the command after -- is empty')
  if (rest !== undefined && !command.takesCommand) throw usageFailure(`${command.name} runs no command after --`)
}
