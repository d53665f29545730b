import type { Provider } from '../../../index.js'
import { UploadError } from '../../../index.js'
import { formatSeconds } from '../../options/durations.js'
import { openTarget } from '../../access/store-access.js'
import { EXIT } from '../../process/exit-codes.js'
import { adviceFor, Failure, messageOf } from '../../process/failure.js'
import { noteFirstRetry } from '../../progress/retry-note.js'
import type { Invocation } from '../command.js'
import { type Finding, isRefusedSignature, probe, type Probed } from './probe.js'
import { ACTIONS, PURPOSES } from './rights.js'

/** Who checks waits for a result, not for a service that is away. */
const RETRY_MS = 5_000

/** The services refuse requests whose time differs by more than 15 minutes. */
const MOST_SKEW_MS = 15 * 60_000

interface Line {
  result: 'ok' | 'note' | 'FAIL'
  what: string
  text: string
  /** What to do. */
  advice: string[]
}

/** Does on a small scale what a backup does, and removes it. */
export async function check({ operands, options, session }: Invocation): Promise<void> {
  const target = openTarget(operands[0] ?? '', options, session.environment, { retryMs: RETRY_MS })
  const { stdout } = session
  let lines: Line[]
  try {
    const probed = await probe(target, noteFirstRetry(session, options))
    lines = linesOf(probed, target.store.provider)
  } finally {
    await target.store.close()
  }
  for (const line of lines) {
    if (options.flag('json')) stdout.json(line)
    else if (line.result === 'FAIL' || !options.flag('quiet')) {
      stdout.line(`${line.result.padEnd(4)}  ${line.what.padEnd(12)}  ${line.text}`.trimEnd())
      for (const advice of line.advice) stdout.line(`${' '.repeat(20)}${advice}`)
    }
  }
  stdout.throwIfGone()
  const failed = lines.filter(({ result }) => result === 'FAIL').map(({ what }) => what)
  if (failed.length > 0) throw new Failure(EXIT.failed, `backups to this target would fail: ${failed.join(', ')}`)
}

function linesOf({ findings, clockAheadMs }: Probed, provider: Provider): Line[] {
  const [first] = findings
  const error = first?.error
  const isReached = error === undefined || (error instanceof UploadError && error.status !== undefined)
  if (!isReached) return [failure('connection', error)]
  const connection = ok('connection', 'the service responds')
  if (isRefusedSignature(error)) return [connection, failure('credentials', error)]
  if (error instanceof UploadError && error.code !== 'ACCESS_DENIED') return [connection, failure('request', error)]
  return [
    connection,
    ok('credentials', 'the service accepts them, and the region'),
    ...(clockAheadMs === undefined ? [] : [clockLine(clockAheadMs)]),
    ...findings.map((finding) => rightLine(finding, provider)),
  ]
}

function clockLine(aheadMs: number): Line {
  // The service tells whole seconds.
  const text = `${formatSeconds(Math.abs(aheadMs))} ${aheadMs < 0 ? 'behind' : 'ahead of'} the service`
  if (Math.abs(aheadMs) < MOST_SKEW_MS) return ok('clock', text)
  return {
    result: 'note',
    what: 'clock',
    text,
    advice: ['set the clock of this machine, by NTP: other programs will fail'],
  }
}

function rightLine({ right, error, left }: Finding, provider: Provider): Line {
  if (error === undefined) return ok(right, '')
  const purpose = PURPOSES[right]
  const isDenied = error instanceof UploadError && error.code === 'ACCESS_DENIED'
  const leftover = left === undefined ? [] : [`left behind: ${left}`]
  if (!isDenied) return { ...failure(right, error), advice: [...adviceFor(messageOf(error)), ...leftover] }
  const grant = `allow ${ACTIONS[right][provider]}${purpose === undefined ? '' : `, ${purpose}`}`
  return {
    result: purpose === undefined ? 'FAIL' : 'note',
    what: right,
    text: 'not allowed',
    advice: [grant, ...leftover],
  }
}

function ok(what: string, text: string): Line {
  return { result: 'ok', what, text, advice: [] }
}

function failure(what: string, error: unknown): Line {
  const message = messageOf(error)
  return { result: 'FAIL', what, text: message, advice: adviceFor(message) }
}
