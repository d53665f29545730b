import type { Provider } from '../../../index.js'
import { UploadError } from '../../../index.js'
import { formatSeconds } from '../../options/durations.js'
import { openTarget, type OpenTarget } from '../../access/store-access.js'
import { EXIT } from '../../process/exit-codes.js'
import { adviceFor, Failure, messageOf } from '../../process/failure.js'
import { noteFirstRetry } from '../../progress/retry-note.js'
import type { Invocation } from '../command.js'
import { lookAtEndpoint, proxyFor } from './endpoint.js'
import { failure, type Line, note, ok } from './lines.js'
import { type Finding, isRefusedSignature, isWrongRegion, probe, type Probed } from './probe.js'
import { ACTIONS, PURPOSES } from './rights.js'

/** A check must not wait for a service that is away. */
const RETRY_MS = 5_000

/** The services refuse requests whose time differs by more than 15 minutes. */
const MOST_SKEW_MS = 15 * 60_000

/** Stores, reads and removes a small object, as a backup would. */
export async function check({ operands, options, session }: Invocation): Promise<void> {
  const target = openTarget(operands[0] ?? '', options, session.environment, { retryMs: RETRY_MS })
  const { stdout, environment } = session
  const lines: Line[] = []
  const show = (line: Line): void => {
    lines.push(line)
    if (options.flag('json')) stdout.json(line)
    else if (line.result === 'FAIL' || !options.flag('quiet')) {
      const colour = line.result === 'FAIL' ? 'red' : undefined
      stdout.line(`${line.result.padEnd(4)}  ${line.what.padEnd(12)}  ${line.text}`.trimEnd(), colour)
      for (const advice of line.advice) stdout.line(`${' '.repeat(20)}${advice}`)
    }
  }
  try {
    const location = target.store.locationOf(target.key === '' ? 'key' : target.key)
    const proxy = target.isDirect ? undefined : proxyFor(location, environment)
    for (const line of await lookAtEndpoint(location, proxy)) show(line)
    if (lines.every(({ result }) => result !== 'FAIL')) {
      const probed = await probe(target, noteFirstRetry(session, options))
      for (const line of linesOf(probed, target)) show(line)
    }
  } finally {
    await target.store.close()
  }
  stdout.throwIfGone()
  const failed = lines.filter(({ result }) => result === 'FAIL').map(({ what }) => what)
  if (failed.length > 0) throw new Failure(EXIT.failed, `backups to this target would fail: ${failed.join(', ')}`)
}

function linesOf({ findings, clockAheadMs }: Probed, { store: { provider }, region }: OpenTarget): Line[] {
  const [first] = findings
  const error = first?.error
  const isReached = error === undefined || (error instanceof UploadError && error.status !== undefined)
  if (!isReached) return [failure('connection', error)]
  const connection = ok('connection', 'the service responds')
  if (isWrongRegion(error)) return [connection, regionFailure(error)]
  if (isRefusedSignature(error)) return [connection, failure('credentials', error)]
  if (error instanceof UploadError && error.code !== 'ACCESS_DENIED') return [connection, failure('request', error)]
  return [
    connection,
    ok('region', region ?? 'that of the endpoint'),
    ok('credentials', 'the service accepts them'),
    ...(clockAheadMs === undefined ? [] : [clockLine(clockAheadMs)]),
    ...findings.map((finding) => rightLine(finding, provider)),
  ]
}

function clockLine(aheadMs: number): Line {
  // The service returns whole seconds.
  const text = `${formatSeconds(Math.abs(aheadMs))} ${aheadMs < 0 ? 'behind' : 'ahead of'} the service`
  if (Math.abs(aheadMs) < MOST_SKEW_MS) return ok('clock', text)
  return note('clock', text, 'set the clock of this machine, by NTP: other programs will fail')
}

/** Each service reports it differently; some responses contain the correct region or endpoint. */
function regionFailure(error: unknown): Line {
  const line = failure('region', error)
  const advice = 'give --region and --endpoint of the bucket, or set them in the environment'
  return { ...line, advice: [...new Set([...line.advice, advice])] }
}

function rightLine({ right, error, left }: Finding, provider: Provider): Line {
  if (error === undefined) return ok(right, '')
  const purpose = PURPOSES[right]
  const isDenied = error instanceof UploadError && error.code === 'ACCESS_DENIED'
  const leftover = left === undefined ? [] : [`left behind: ${left}`]
  if (!isDenied) return { ...failure(right, error), advice: [...adviceFor(messageOf(error)), ...leftover] }
  const action = ACTIONS[right][provider] ?? `what the service calls ${right}`
  const grant = `allow ${action}${purpose === undefined ? '' : `, ${purpose}`}`
  return {
    result: purpose === undefined ? 'FAIL' : 'note',
    what: right,
    text: 'not allowed',
    advice: [grant, ...leftover],
  }
}
