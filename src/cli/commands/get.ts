import type { DownloadProgress, DownloadResult, DownloadStream, ReadingOptions } from '../../index.js'
import { formatByteSize } from '../options/byte-sizes.js'
import type { OpenTarget } from '../access/store-access.js'
import { customerKeyOf } from '../options/customer-key.js'
import type { Options } from '../options/options.js'
import { usageFailure } from '../process/failure.js'
import type { ViewWriter } from '../process/object-bytes.js'
import type { Session } from '../process/session.js'
import { chooseReporter } from '../progress/choose-reporter.js'
import { awayText, backText } from '../progress/outage-text.js'
import type { Reporter } from '../progress/reporter.js'
import { downloadSummary } from '../progress/summaries.js'
import { DownloadFacts } from '../progress/transfer-facts.js'
import { startConsumer } from '../source/consumer.js'
import { openOutputFile, type OutputFile } from '../source/output-file.js'
import { textOnly } from '../source/text-only.js'
import { noteFirstRetry } from '../progress/retry-note.js'
import type { Invocation } from './command.js'
import { openNamedObject } from './objects/named-object.js'

export async function get({ operands, rest, options, session }: Invocation): Promise<void> {
  const file = options.text('output')
  const isFile = file !== undefined && file !== '-'
  if (rest !== undefined && file !== undefined) throw usageFailure('give -o FILE or a command after --, not both')
  if (rest?.length === 0) throw usageFailure('there is no command after --')
  if (options.text('checkpoint') !== undefined && !isFile) throw usageFailure('--checkpoint needs -o FILE')
  const isShown = session.stdout.isTerminal && rest === undefined && !isFile
  // A progress line would be mixed with the object that the terminal shows.
  const isDumb = session.environment['TERM'] === 'dumb' || isShown
  // Standard output contains the object and nothing else.
  const reporter = chooseReporter(options, session.stderr, session.stderr, isDumb)
  // With --json, standard error contains nothing but JSON.
  const calls = options.flag('json') ? { signal: session.signal } : noteFirstRetry(session, options)
  const target = await openNamedObject(operands[0] ?? '', options, session.environment, calls)
  try {
    // Before any request, so that a file that cannot be written fails at once.
    const opened = isFile ? await openOutputFile(file, session.signal) : undefined
    if (isFile && opened === undefined) await readInto(file, target, options, session, reporter)
    else await readThrough(opened, rest, target, options, session, reporter)
  } finally {
    reporter.close()
    await target.store.close()
  }
}

async function readInto(
  file: string,
  target: OpenTarget,
  options: Options,
  session: Session,
  reporter: Reporter,
): Promise<void> {
  const facts = new DownloadFacts(options.byteSize('bandwidth-limit'))
  let last: DownloadProgress | undefined
  const result = await target.store.downloadFile(target.key, file, {
    ...readingOptions(options, session),
    checkpoint: options.text('checkpoint') ?? false,
    onObject: ({ size, etag }) => reporter.event('start', { target: target.addressOf(target.key), total: size, etag }),
    onProgress: (progress) => {
      last = progress
      showProgress(progress, facts, reporter)
    },
    onResumed: ({ bytes }) => {
      reporter.event('resumed', { bytes })
      reporter.note(`resumes: ${formatByteSize(bytes)} of the file were read before`)
    },
    onRestarted: (notice) => {
      reporter.event('restarted', { ...notice })
      reporter.note(`starts over: ${notice.message}`)
    },
    ...noticesTo(reporter),
  })
  reportDone(target, result, last, reporter)
}

function readingOptions(options: Options, { signal }: Session): ReadingOptions {
  return {
    partSize: options.byteSize('part-size'),
    concurrency: options.wholeNumber('concurrency'),
    versionId: options.text('version-id'),
    verify: options.flag('verify-etag') ? 'etag' : undefined,
    serverSideEncryption: customerKeyOf(options),
    signal,
  }
}

function noticesTo(reporter: Reporter) {
  return {
    onRetry: (retry: Parameters<Reporter['retry']>[0]) => reporter.retry(retry),
    onAway: (notice: Parameters<typeof awayText>[0]) => {
      reporter.event('away', { ...notice })
      reporter.note(awayText(notice))
    },
    onBack: (notice: Parameters<typeof backText>[0]) => {
      reporter.event('back', { ...notice })
      reporter.note(backText(notice))
    },
  }
}

function showProgress(progress: DownloadProgress, facts: DownloadFacts, reporter: Reporter): void {
  // Before the first response there is nothing to show.
  if (progress.total !== undefined) reporter.progress(facts.of(progress))
}

function reportDone(
  target: OpenTarget,
  result: DownloadResult,
  progress: DownloadProgress | undefined,
  reporter: Reporter,
): void {
  const address = target.addressOf(target.key)
  const { elapsedMs = 0, retries = 0 } = progress ?? {}
  const isVerified = result.verified !== 'size'
  reporter.event('done', { target: address, ...result, isVerified, elapsedMs: Math.round(elapsedMs) })
  reporter.summary(downloadSummary(address, result, retries, elapsedMs))
}

function open({ store, key }: OpenTarget, options: Options, session: Session, reporter: Reporter): DownloadStream {
  const facts = new DownloadFacts(options.byteSize('bandwidth-limit'))
  const { onRetry, onAway, onBack } = noticesTo(reporter)
  return (
    store
      .createDownloadStream(key, readingOptions(options, session))
      .on('progress', (progress) => showProgress(progress, facts, reporter))
      .on('retry', onRetry)
      .on('away', onAway)
      .on('back', onBack)
      // The reader of the stream gets its failure; before that, the first response does.
      .on('error', () => undefined)
  )
}

async function readThrough(
  opened: OutputFile | undefined,
  command: readonly string[] | undefined,
  target: OpenTarget,
  options: Options,
  session: Session,
  reporter: Reporter,
): Promise<void> {
  const download = open(target, options, session, reporter)
  let output = opened
  try {
    const { size, etag } = await download.object
    // A command is started when there is something to read.
    if (command !== undefined) output = await startConsumer(command)
    reporter.event('start', { target: target.addressOf(target.key), total: size, etag })
    const isAsked = !session.stdout.isTerminal || options.text('output') === '-'
    const isTextOnly = output === undefined && !isAsked
    const bytes = isTextOnly ? { writeTo: (write: ViewWriter) => download.writeTo(textOnly(write)) } : download
    await (output ?? session.stdout).writeAll(bytes, session.signal)
    reportDone(target, await download.done, download.progress, reporter)
  } catch (error) {
    await output?.discard()
    download.destroy()
    throw error
  }
}
