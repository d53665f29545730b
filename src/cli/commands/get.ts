import type { DownloadStream } from '../../index.js'
import type { OpenTarget } from '../options/store-access.js'
import type { Options } from '../options/options.js'
import { usageFailure } from '../process/failure.js'
import type { Session } from '../process/session.js'
import { chooseReporter } from '../progress/choose-reporter.js'
import type { Reporter } from '../progress/reporter.js'
import { downloadSummary } from '../progress/summaries.js'
import { DownloadFacts } from '../progress/transfer-facts.js'
import { startConsumer } from '../source/consumer.js'
import { openOutputFile, type OutputFile } from '../source/output-file.js'
import { noteFirstRetry } from '../progress/retry-note.js'
import type { Invocation } from './command.js'
import { openNamedObject } from './objects/named-object.js'

export async function get({ operands, rest, options, session }: Invocation): Promise<void> {
  const file = options.text('output')
  if (rest !== undefined && file !== undefined) throw usageFailure('give -o FILE or a command after --, not both')
  if (rest?.length === 0) throw usageFailure('there is no command after --')
  const isShown = session.stdout.isTerminal && rest === undefined && (file === undefined || file === '-')
  // A line drawn into the object that a terminal shows would spoil both.
  const isDumb = session.environment['TERM'] === 'dumb' || isShown
  // Standard output has the object, and nothing else.
  const reporter = chooseReporter(options, session.stderr, session.stderr, isDumb)
  // With --json nothing but JSON is on standard error.
  const calls = options.flag('json') ? { signal: session.signal } : noteFirstRetry(session, options)
  const target = await openNamedObject(operands[0] ?? '', options, session.environment, calls)
  try {
    const download = open(target, options, session, reporter)
    await read(download, target, () => openOutput(file, rest, download, session), session, reporter)
  } finally {
    reporter.close()
    await target.store.close()
  }
}

function open({ store, key }: OpenTarget, options: Options, { signal }: Session, reporter: Reporter): DownloadStream {
  const facts = new DownloadFacts()
  const download = store.createDownloadStream(key, {
    partSize: options.byteSize('part-size'),
    concurrency: options.wholeNumber('concurrency'),
    versionId: options.text('version-id'),
    verify: options.flag('verify-etag') ? 'etag' : undefined,
    signal,
  })
  download.on('progress', (progress) => {
    // Before the first response there is nothing to show.
    if (progress.total !== undefined) reporter.progress(facts.of(progress))
  })
  download.on('retry', (retry) => reporter.retry(retry))
  // Whoever reads the stream learns of its failure; before that its first response does.
  download.on('error', () => undefined)
  return download
}

/** Undefined for standard output. */
async function openOutput(
  file: string | undefined,
  command: readonly string[] | undefined,
  download: DownloadStream,
  { signal }: Session,
): Promise<OutputFile | undefined> {
  if (command !== undefined) {
    // A command is started when there is something to read.
    await download.object
    return startConsumer(command)
  }
  // Before anything is asked for: a name that cannot be written fails at once.
  return file === undefined || file === '-' ? undefined : openOutputFile(file, signal)
}

async function read(
  download: DownloadStream,
  target: OpenTarget,
  openOutputOf: () => Promise<OutputFile | undefined>,
  { stdout, signal }: Session,
  reporter: Reporter,
): Promise<void> {
  const address = target.addressOf(target.key)
  let output: OutputFile | undefined
  try {
    output = await openOutputOf()
    const { size, etag } = await download.object
    reporter.event('start', { target: address, total: size, etag })
    await (output ?? stdout).writeAll(download, signal)
    const result = await download.done
    const { elapsedMs, retries } = download.progress
    const isVerified = result.verified !== 'size'
    reporter.event('done', { target: address, ...result, isVerified, elapsedMs: Math.round(elapsedMs) })
    reporter.summary(downloadSummary(address, result, retries, elapsedMs))
  } catch (error) {
    await output?.discard()
    download.destroy()
    throw error
  }
}
