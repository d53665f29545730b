import { basename } from 'node:path'
import { isatty } from 'node:tty'
import type { UploadCallbacks, UploadError, UploadOptions, UploadProgress } from '../../index.js'
import type { Invocation } from './command.js'
import { formatByteSize } from '../options/byte-sizes.js'
import { countOf } from '../options/counts.js'
import { chooseReporter } from '../progress/choose-reporter.js'
import { EXIT } from '../process/exit-codes.js'
import { Failure, isCancelled, sourceFailure, usageFailure } from '../process/failure.js'
import { guardsOf } from '../source/guards.js'
import { customerKeyOf } from '../options/customer-key.js'
import type { Options } from '../options/options.js'
import type { Reporter } from '../progress/reporter.js'
import type { Session } from '../process/session.js'
import { cannotResume } from '../source/resumability.js'
import { bodySource, type CommandLine, commandSource, fileSource, type Source } from '../source/sources.js'
import { openTarget, type OpenTarget } from '../access/store-access.js'
import { awayText, backText } from '../progress/outage-text.js'
import { uploadSummary } from '../progress/summaries.js'
import { UploadFacts } from '../progress/transfer-facts.js'

/** An object to upload and the source of its bytes. Sources are opened one after the other. */
interface Job {
  key: string
  open(): Source | Promise<Source>
}

export async function put({ operands, rest, options, session }: Invocation): Promise<void> {
  const [text = '', ...files] = operands
  if (rest !== undefined && files.length > 0) throw usageFailure('give files or a command after --, not both')
  if (rest?.length === 0) throw usageFailure('there is no command after --')
  const idleMs = options.duration('idle-timeout')
  if (idleMs !== undefined && rest === undefined) throw usageFailure('--idle-timeout needs a command after --')
  // Options are checked before a producer is started.
  const uploadOptions = uploadOptionsOf(options)
  guardsOf(options, true)
  const isDumb = session.environment['TERM'] === 'dumb'
  const reporter = chooseReporter(options, session.stdout, session.stderr, isDumb)
  const target = openTarget(text, options, session.environment)
  try {
    const command = rest && { words: rest, exitCodes: options.statuses('accept-status'), idleMs }
    const jobs = jobsOf(target, files, command, session, reporter)
    // All jobs are checked before the first one starts, so that an invalid option starts no producer.
    for (const { key } of jobs)
      target.store.createUploadStream(key, { ...uploadOptions, checkpoint: undefined }).destroy()
    if (jobs.length > 1 && uploadOptions.checkpoint !== undefined) {
      throw usageFailure('--checkpoint works with one upload: give one file')
    }
    for (const [index, job] of jobs.entries()) {
      if (jobs.length > 1) reporter.label(`${index + 1}/${jobs.length}`)
      const note = uploadOptions.checkpoint === undefined || rest === undefined ? undefined : cannotResume(rest)
      if (note !== undefined) reporter.note(note)
      await transfer(target, job, options, uploadOptions, session, reporter)
    }
  } finally {
    reporter.close()
    await target.store.close()
  }
}

function jobsOf(
  { key, text }: OpenTarget,
  files: readonly string[],
  command: CommandLine | undefined,
  session: Session,
  reporter: Reporter,
): Job[] {
  const isFolder = key === '' || key.endsWith('/')
  if (files.length > 1 && !isFolder) {
    throw usageFailure(
      `${files.length} files need a target that ends with /, such as ${text}/; a command must follow --`,
    )
  }
  if (isFolder && (files.length === 0 || files.includes('-'))) {
    throw usageFailure(
      `TARGET ${JSON.stringify(text)} ${key === '' ? 'has no key' : 'ends with /'}: a stream needs a name, such as ${text.replace(/\/*$/, '/')}app.sql`,
    )
  }
  const named = files.map((file) => ({ file, key: isFolder && file !== '-' ? `${key}${basename(file)}` : key }))
  const twice = named.find((one, index) => named.findIndex((other) => other.key === one.key) < index)
  if (twice !== undefined) throw usageFailure(`two of the files would become ${JSON.stringify(twice.key)}`)
  const jobs: Job[] = named.map((job) => ({
    key: job.key,
    open: () => (job.file === '-' ? openStandardInput(session) : fileSource(job.file)),
  }))
  if (jobs.length === 0) {
    // While a progress line is shown, everything else must be written through the same object.
    const foreign = reporter.ownsTerminal ? (chunk: Uint8Array) => reporter.foreign(chunk) : undefined
    const open = () =>
      command === undefined ? openStandardInput(session) : commandSource(command, session.descriptors(), foreign)
    jobs.push({ key, open })
  }
  if (jobs.some((job) => job.key === '')) throw usageFailure(`the target ${JSON.stringify(text)} has no key`)
  return jobs
}

function openStandardInput({ stdin, stderr }: Session): Source {
  if ('fd' in stdin && isatty(stdin.fd)) stderr.line('ossup: reads the terminal; Ctrl-D ends the input')
  return bodySource('standard input', stdin)
}

function uploadOptionsOf(options: Options): UploadOptions {
  return {
    partSize: options.byteSize('part-size'),
    concurrency: options.wholeNumber('concurrency'),
    expectedSize: options.byteSize('expected-size') ?? options.byteSize('size'),
    checkpoint: options.text('checkpoint'),
    contentType: options.text('content-type'),
    metadata: options.pairs('metadata'),
    headers: options.pairs('header'),
    tagging: options.pairs('tag'),
    storageClass: options.text('storage-class'),
    acl: options.text('acl'),
    serverSideEncryption: encryptionOf(options),
    partGrowth: options.choice('part-growth', ['yes', 'no']) === 'no' ? false : undefined,
    ifMatch: options.text('if-match'),
    forbidOverwrite: options.flag('forbid-overwrite') ? true : undefined,
  }
}

/** Parses an algorithm, optionally followed by a colon and a key ID. Algorithms and key IDs of S3 contain colons, too. */
function encryptionOf(options: Options): UploadOptions['serverSideEncryption'] {
  const text = options.text('sse')
  const ownKey = customerKeyOf(options)
  if (text !== undefined && ownKey !== undefined) {
    throw usageFailure('--sse and --sse-key-file cannot be used together: leave one out')
  }
  if (ownKey !== undefined) return ownKey
  const [, algorithm, keyId] = /^(aws:kms(?::dsse)?|[^:]*)(?::(.*))?$/s.exec(text ?? '') ?? []
  return keyId === undefined ? text : { algorithm, keyId }
}

async function transfer(
  target: OpenTarget,
  job: Job,
  options: Options,
  uploadOptions: UploadOptions,
  session: Session,
  reporter: Reporter,
): Promise<void> {
  const address = target.addressOf(job.key)
  const source = await job.open()
  reporter.event('start', { target: address, ...(source.size === undefined ? {} : { total: source.size }) })
  const facts = new UploadFacts(options.byteSize('bandwidth-limit'))
  let last: UploadProgress | undefined
  try {
    const result = await source.upload(target.store, job.key, {
      ...uploadOptions,
      ...callbacksFor(reporter),
      inspect: guardsOf(options, source.isFile !== true),
      signal: session.signal,
      onProgress: (progress) => {
        last = progress
        reporter.progress(facts.of(progress))
      },
      onPart: (part) => reporter.event('part', { ...part }),
    })
    const { elapsedMs = 0, retries = 0 } = last ?? {}
    reporter.event('done', { target: address, ...result, elapsedMs: Math.round(elapsedMs) })
    reporter.summary(uploadSummary(address, result, retries, elapsedMs))
  } catch (error) {
    throw withOutcome(error, source, session.signal, address)
  }
}

function callbacksFor(reporter: Reporter): UploadCallbacks {
  return {
    onInitiated: (uploadId) => reporter.event('initiated', { uploadId }),
    onResumed: (earlier) => {
      reporter.event('resumed', { ...earlier })
      const { uploadId, parts, bytes, unproven } = earlier
      const others =
        unproven === undefined ? '' : `; sends ${countOf(unproven, 'more part')} again, which cannot be compared`
      reporter.note(`resumes upload ${uploadId}: ${countOf(parts, 'part')}, ${formatByteSize(bytes)}${others}`)
    },
    onRestarted: ({ reason, message, leftUploadId }) => {
      reporter.event('restarted', { reason, message, leftUploadId })
      reporter.note(
        `starts over: ${message}${leftUploadId === undefined ? '' : `; upload ${leftUploadId} was not aborted`}`,
      )
    },
    onRetry: (retry) => reporter.retry(retry),
    onAway: (notice) => {
      reporter.event('away', { ...notice })
      reporter.note(awayText(notice))
    },
    onBack: (notice) => {
      reporter.event('back', { ...notice })
      reporter.note(backText(notice))
    },
  }
}

/**
 * Describes what the failure means for the object. If the upload is aborted while the last request is in flight, the outcome is unknown:
 * the object is stored whole, or not at all.
 */
function withOutcome(error: unknown, source: Source, signal: AbortSignal, address: string): unknown {
  const { outcomeUnknown = false, resumable = false } = error as Partial<UploadError>
  const cause: unknown = isCancelled(error) && signal.aborted ? signal.reason : asSourceFailure(error, source)
  if (!(cause instanceof Failure)) return error
  const outcome = outcomeUnknown
    ? ` while the last request was in flight: the object is stored whole, or not at all (check with ossup head ${address})`
    : `; ${address} was not stored${resumable ? ' yet: run it again with the same --checkpoint to resume' : ''}`
  return Object.assign(new Failure(cause.exitCode, cause.message + outcome, error), leftoverOf(error))
}

/** Marks a failure of the source. A failure of the upload is returned unchanged. */
function asSourceFailure(error: unknown, { name }: Source): unknown {
  const { code, message } = error as Partial<UploadError>
  if (code === 'COMMAND_FAILED') return new Failure(EXIT.source, message ?? '', error)
  const isUnreadable = code === 'INVALID_OPTION' && message?.startsWith('body.fd') === true
  // An error that is not one of the library comes from reading.
  if (isUnreadable || !(error instanceof Error && error.name === 'UploadError')) return sourceFailure(name, error)
  return error
}

function leftoverOf(error: unknown): object {
  const { key, uploadId, cleanupError, unknownUploads } = error as Partial<UploadError>
  return {
    ...(key === undefined ? {} : { key }),
    ...(cleanupError === undefined ? {} : { uploadId, cleanupError }),
    ...(unknownUploads === undefined ? {} : { unknownUploads }),
  }
}
