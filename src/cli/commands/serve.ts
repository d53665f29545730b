import { once } from 'node:events'
import { type EmulatorOptions, startEmulator } from '../../emulator/index.js'
import type { Invocation } from './command.js'
import { EXIT } from '../process/exit-codes.js'
import { Failure, messageOf, usageFailure } from '../process/failure.js'

/** The embedded store, until a signal comes; what it prints can be given to a shell. */
export async function serve({ options, session }: Invocation): Promise<void> {
  const { environment, stdout, signal } = session
  const port = options.wholeNumber('port')
  if (port !== undefined && port > 65_535) throw usageFailure(`--port must be from 0 to 65,535 (got ${port})`)
  const accessKeyId = environment['OSS_ACCESS_KEY_ID'] ?? ''
  const accessKeySecret = environment['OSS_ACCESS_KEY_SECRET'] ?? ''
  const isGiven = accessKeyId !== '' && accessKeySecret !== ''
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
    const { endpoint, region } = emulator
    // A secret from the environment may be a real one: only those made here are printed.
    const credentials = isGiven ? undefined : emulator.credentials
    if (options.flag('json')) stdout.json({ endpoint, region, ...credentials })
    else {
      const variables = {
        OSS_ENDPOINT: endpoint,
        OSS_REGION: region,
        ...(credentials === undefined
          ? {}
          : { OSS_ACCESS_KEY_ID: credentials.accessKeyId, OSS_ACCESS_KEY_SECRET: credentials.accessKeySecret }),
      }
      const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${value}`)
      stdout.lines(lines.join('\n'))
    }
    if (!signal.aborted) await once(signal, 'abort')
  } finally {
    await emulator.close()
  }
}
