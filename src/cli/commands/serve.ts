import { once } from 'node:events'
import { type Emulator, type EmulatorOptions, startEmulator } from '../../emulator/index.js'
import type { Provider } from '../../index.js'
import { ENVIRONMENT_VARIABLES, PROVIDER_NAMES } from '../../internal.js'
import { variableOf } from '../access/access.js'
import { EXIT } from '../process/exit-codes.js'
import { Failure, messageOf, usageFailure } from '../process/failure.js'
import type { Invocation } from './command.js'

/** Runs the emulator until a signal. Its standard output can be evaluated by a shell. */
export async function serve(invocation: Invocation): Promise<void> {
  const { options, session } = invocation
  const port = options.wholeNumber('port')
  if (port !== undefined && port > 65_535) throw usageFailure(`--port must be from 0 to 65,535 (got ${port})`)
  const provider = options.choice('provider', PROVIDER_NAMES) ?? 'oss'
  const accessKeyId = variableOf(provider, 'accessKeyId', session.environment)
  const accessKeySecret = variableOf(provider, 'accessKeySecret', session.environment)
  const isGiven = accessKeyId !== undefined && accessKeySecret !== undefined
  const given: { -readonly [Name in keyof EmulatorOptions]?: EmulatorOptions[Name] | undefined } = {
    port,
    directory: options.text('directory'),
    region: options.text('region'),
    credentials: isGiven ? { accessKeyId, accessKeySecret } : undefined,
  }
  const present: EmulatorOptions = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const emulator = await startEmulator(present).catch((error: unknown) => {
    throw new Failure(EXIT.failed, `the store cannot be started: ${messageOf(error)}`, error)
  })
  try {
    describe(emulator, provider, isGiven, invocation)
    if (!session.signal.aborted) await once(session.signal, 'abort')
  } finally {
    await emulator.close()
  }
}

/** Prints commands for a shell on standard output, and notes on standard error. */
function describe(
  emulator: Emulator,
  provider: Provider,
  isGiven: boolean,
  { options, session: { stdout, stderr } }: Invocation,
): void {
  const { endpoint, region } = emulator
  // A secret from the environment may be a real one: only generated secrets are printed.
  const credentials = isGiven ? undefined : emulator.credentials
  if (options.flag('json')) {
    stdout.json({ endpoint, region, ...credentials })
    return
  }
  const values = { endpoint, region, ...credentials }
  const lines = (Object.entries(values) as [keyof typeof values, string][]).map(
    ([option, value]) => `export ${ENVIRONMENT_VARIABLES[provider][option][0] ?? ''}=${quoted(value)}`,
  )
  // In one write, so that a script that reads a line gets all of them.
  stdout.lines(lines.join('\n'))
  if (options.flag('quiet')) return
  const directory = options.text('directory')
  const kept = directory === undefined ? 'objects are kept until then' : `objects are kept in ${directory}`
  stderr.line(`ossup: listens on ${endpoint} until Ctrl-C; ${kept}`)
  if (isGiven) stderr.line('ossup: accepts the keys in the environment, and does not print them')
}

/** Quotes the text as one word of a shell. */
function quoted(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`
}
