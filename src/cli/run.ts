import type { Readable } from 'node:stream'
import { VERSION } from '../shared/version.js'
import { type Arguments, parseArguments } from './options/arguments.js'
import type { Command } from './commands/command.js'
import { COMMANDS } from './commands/commands.js'
import { EXIT, exitCodeOfSignal } from './process/exit-codes.js'
import { debugText, exitCodeOf, factsOf, isCancelled, messageOf, usageFailure } from './process/failure.js'
import { explain, overview } from './commands/help.js'
import { Output, type OutputStream } from './process/output.js'
import { listenForSignals } from './process/signals.js'
import { secretsIn } from './options/store-access.js'

export interface ProcessParts {
  args: readonly string[]
  stdin: () => Readable & { isTTY?: boolean }
  stdout: OutputStream
  stderr: OutputStream
  environment: NodeJS.ProcessEnv
}

/** One call of `ossup`, from what was typed to the exit status. Never rejects. */
export async function run({ args, stdin, stdout: out, stderr: err, environment }: ProcessParts): Promise<number> {
  const stdout = new Output(out)
  const stderr = new Output(err)
  const [name = '', ...own] = args
  if (name === '--version') return print(stdout, VERSION)
  if (['', 'help', '--help', '-h'].includes(name)) return printHelp(own, name, stdout, stderr)
  const command = COMMANDS.find((one) => one.name === name)
  if (command === undefined) return report(usageFailure(unknown(name)), undefined, undefined)
  let parsed: Arguments | undefined
  const interruption = listenForSignals((signal) => {
    // What is under way now is no progress any more.
    stderr.bottomLine('')
    const what = command.endsBySignal === true ? 'ends' : 'gives up cleanly'
    stderr.line(`ossup: ${signal}: ${what}; once more ends at once`)
  })
  try {
    if (asksForHelp(own)) return print(stdout, explain(command))
    parsed = parseArguments([...command.options, ...command.sharedOptions], own)
    checkOperands(command, parsed)
    const { signal } = interruption
    await command
      .run({ ...parsed, session: { stdin, stdout, stderr, environment, signal } })
      .catch((error: unknown) => {
        throw isCancelled(error) && signal.aborted ? signal.reason : error
      })
    const late = interruption.received()
    if (late !== undefined && command.endsBySignal !== true) stderr.line(`ossup: ${late} came too late: all is done`)
    return EXIT.done
  } catch (error) {
    return report(error, parsed, interruption.received())
  } finally {
    interruption.dispose()
  }

  function report(error: unknown, given: Arguments | undefined, signal: NodeJS.Signals | undefined): number {
    const code =
      signal === undefined ? exitCodeOf(error, command?.failureCode ?? EXIT.failed) : exitCodeOfSignal(signal)
    const target = given?.operands[0]
    if (given?.options.flag('json') === true) {
      const { code: errorCode } = error as { code?: unknown }
      const events = command?.writesObject === true ? stderr : stdout
      events.line(JSON.stringify({ event: 'failed', message: messageOf(error), code: errorCode, exitCode: code }))
    }
    if (code === EXIT.readerGone) return code
    stderr.line(`ossup: ${messageOf(error)}`)
    for (const fact of factsOf(error, target)) stderr.line(`  ${fact}`)
    if (code === EXIT.usage) stderr.line(`  ${hintFor(command)}`)
    if (args.includes('--debug')) stderr.line(debugText(error, secretsIn(environment, given?.options)))
    return code
  }
}

function print(stdout: Output, text: string): number {
  stdout.line(text)
  return EXIT.done
}

function printHelp(own: readonly string[], name: string, stdout: Output, stderr: Output): number {
  const [topic] = own
  const command = COMMANDS.find((one) => one.name === topic)
  if (command !== undefined) return print(stdout, explain(command))
  if (name !== '' && topic === undefined) return print(stdout, overview(COMMANDS))
  if (topic !== undefined) stderr.line(`ossup: ${unknown(topic)}`)
  stderr.line(overview(COMMANDS))
  return EXIT.usage
}

function unknown(name: string): string {
  return `there is no command ${JSON.stringify(name)}: accepted are ${COMMANDS.map((one) => one.name).join(', ')}`
}

function hintFor(command: Command | undefined): string {
  return command === undefined ? 'ossup --help tells more' : `ossup ${command.name} --help tells more`
}

/** Also beside other mistakes; what follows `--` is somebody else's. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  const own = end === -1 ? args : args.slice(0, end)
  return own.includes('--help') || own.includes('-h')
}

function checkOperands(command: Command, { operands, rest }: Arguments): void {
  const { min, max } = command.operands
  if (operands.length < min) throw usageFailure(`${command.name} needs ${command.synopses[0] ?? ''}`)
  if (operands.length > max)
    throw usageFailure(`${command.name} has too many operands: ${operands.slice(max).join(' ')}`)
  if (rest !== undefined && !command.takesCommand) throw usageFailure(`${command.name} runs no command after --`)
}
