import { Readable } from 'node:stream'
import {
  checkArray,
  checkFunction,
  checkInteger,
  checkRecord,
  checkString,
  invalidOption,
  reading,
} from '../shared/check-option.js'

/** Options of a command whose standard output is uploaded. */
export interface CommandOptions {
  /** Working folder of the command. Default: that of this process. */
  cwd?: string | URL | undefined
  /** All environment variables of the command. Default: those of this process. */
  env?: NodeJS.ProcessEnv | undefined
  /** Standard input: none, that of this process, or a stream. If the stream fails, the upload fails. Default `'ignore'`. */
  stdin?: 'ignore' | 'inherit' | Readable | undefined
  /**
   * Standard error: that of this process, discarded, or a function that is called with each chunk; an error then
   * contains its end. If the function throws, the upload fails. Default `'inherit'`.
   */
  stderr?: 'inherit' | 'ignore' | ((chunk: Uint8Array) => void) | undefined
  /** Milliseconds between SIGTERM and SIGKILL if the upload fails, 0 to 3,600,000. Default 5,000. */
  graceMs?: number | undefined
  /**
   * Time limit in milliseconds, 100 to 604,800,000. The upload fails if the command writes nothing for so long although the
   * upload accepts bytes, or does not exit after its output has ended. Default: no limit.
   */
  idleMs?: number | undefined
  /** Exit codes that mean success: 0 to 255. Default `[0]`; `tar` ends with 1 when a file changed while it was read. */
  exitCodes?: readonly number[] | undefined
  /** Descriptors of this process, from 3 to 255, that the command inherits under the same numbers. Default none. */
  descriptors?: readonly number[] | undefined
}

export interface CheckedCommand {
  command: string
  args: readonly string[]
  cwd: string | URL | undefined
  env: NodeJS.ProcessEnv | undefined
  stdin: NonNullable<CommandOptions['stdin']>
  stderr: NonNullable<CommandOptions['stderr']>
  graceMs: number
  idleMs: number | undefined
  exitCodes: readonly number[]
  descriptors: readonly number[]
}

export const COMMAND_OPTION_NAMES: readonly (keyof CommandOptions)[] = [
  'cwd',
  'env',
  'stdin',
  'stderr',
  'graceMs',
  'idleMs',
  'exitCodes',
  'descriptors',
]

/** @throws {UploadError} `INVALID_OPTION`. */
export function checkCommand(command: unknown, args: unknown, options: CommandOptions): CheckedCommand {
  const { cwd, env, stdin = 'ignore', stderr = 'inherit', graceMs = 5000, idleMs } = options
  const { exitCodes = [0], descriptors = [] } = options
  return {
    command: checkWord('command', checkString('command', command)),
    args: checkArray('args', args).map((arg, index) => checkWord(`args[${index}]`, arg)),
    cwd: cwd === undefined || reading('cwd', () => cwd instanceof URL) ? cwd : checkString('cwd', cwd),
    env: env === undefined ? undefined : checkEnvironment(env),
    stdin: checkStdin(stdin),
    stderr: stderr === 'inherit' || stderr === 'ignore' ? stderr : checkStderr(stderr),
    graceMs: checkInteger('graceMs', graceMs, 0, 3_600_000, 'ms'),
    idleMs: idleMs === undefined ? undefined : checkInteger('idleMs', idleMs, 100, 604_800_000, 'ms'),
    exitCodes: checkArray('exitCodes', exitCodes).map((code) => checkInteger('exitCodes', code, 0, 255)),
    descriptors: checkArray('descriptors', descriptors).map((fd) => checkInteger('descriptors', fd, 3, 255)),
  }
}

function checkEnvironment(env: unknown): NodeJS.ProcessEnv {
  const variables = checkRecord('env', env)
  for (const [name, value] of Object.entries(variables)) {
    // Node.js converts numbers and booleans to text.
    const isText = typeof value === 'number' || typeof value === 'boolean'
    if (value !== undefined) checkWord(`env[${JSON.stringify(name)}]`, isText ? String(value) : value)
  }
  return variables as NodeJS.ProcessEnv
}

function checkStdin(value: unknown): NonNullable<CommandOptions['stdin']> {
  if (value === 'ignore' || value === 'inherit') return value
  const isStream = reading('stdin', () => value instanceof Readable)
  if (isStream) return value as Readable
  throw invalidOption('stdin', value, `must be 'ignore', 'inherit' or a Readable`)
}

function checkStderr(value: unknown): (chunk: Uint8Array) => void {
  if (typeof value === 'function') return checkFunction('stderr', value as (chunk: Uint8Array) => void)
  throw invalidOption('stderr', value, `must be 'inherit', 'ignore' or a function`)
}

/** The system ends a word at a NUL. */
function checkWord(name: string, value: unknown): string {
  if (typeof value === 'string' && !value.includes('\0')) return value
  throw invalidOption(name, value, 'must be a string without NUL')
}
