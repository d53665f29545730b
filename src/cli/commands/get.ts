import type { RetryNotice } from '../../index.js'
import { chooseReporter } from '../progress/choose-reporter.js'
import type { Invocation } from './command.js'
import { download } from '../source/download.js'
import { openOutputFile } from '../source/output-file.js'
import type { Reporter } from '../progress/reporter.js'
import type { Session } from '../process/session.js'
import { openObject, type OpenTarget } from '../options/store-access.js'
import { downloadSummary } from '../progress/summaries.js'
import { DownloadFacts } from '../progress/transfer-facts.js'

const PROGRESS_MS = 250

export async function get({ operands, options, session }: Invocation): Promise<void> {
  const file = options.text('output')
  const isShown = session.stdout.isTerminal && (file === undefined || file === '-')
  // A line drawn into the object that a terminal shows would spoil both.
  const isDumb = session.environment['TERM'] === 'dumb' || isShown
  // Standard output has the object, and nothing else.
  const reporter = chooseReporter(options, session.stderr, session.stderr, isDumb)
  const target = openObject(operands[0] ?? '', options, session.environment)
  try {
    await read(target, file, session, reporter)
  } finally {
    reporter.close()
    await target.store.close()
  }
}

async function read(target: OpenTarget, file: string | undefined, session: Session, reporter: Reporter): Promise<void> {
  const { stdout, signal } = session
  const progress = new ReadProgress(reporter)
  const address = target.addressOf(target.key)
  // Before anything is asked for: a name that cannot be written fails at once.
  const output = file === undefined || file === '-' ? undefined : await openOutputFile(file, signal)
  try {
    const source = await download(target.store, target.key, signal, (retry) => progress.retry(retry))
    progress.begin(source.head.size)
    const { size, checksum, crc64, etag } = source.head
    reporter.event('start', { target: address, total: size, etag })
    try {
      const chunks = progress.count(source.chunks)
      await (output === undefined ? stdout.writeAll(chunks, signal) : output.writeAll(chunks, signal))
    } finally {
      source.head.body.destroy()
      progress.end()
    }
    const { elapsedMs } = progress
    const facts = { target: address, size, checksum, crc64, etag, isVerified: source.isVerified }
    reporter.event('done', { ...facts, elapsedMs: Math.round(elapsedMs) })
    reporter.summary(downloadSummary(address, source, elapsedMs))
  } catch (error) {
    await output?.discard()
    throw error
  }
}

/** Counts what is read and tells of it. */
class ReadProgress {
  readonly #reporter: Reporter
  readonly #facts = new DownloadFacts()
  readonly #startedAt = performance.now()
  #timer: NodeJS.Timeout | undefined
  #bytes = 0
  #retries = 0

  constructor(reporter: Reporter) {
    this.#reporter = reporter
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAt
  }

  begin(total: number): void {
    const report = () => this.#reporter.progress(this.#facts.of(this.#bytes, total, this.elapsedMs, this.#retries))
    this.#timer = setInterval(report, PROGRESS_MS)
  }

  end(): void {
    clearInterval(this.#timer)
  }

  retry(retry: RetryNotice): void {
    this.#retries += 1
    this.#reporter.retry(retry)
  }

  async *count(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
    for await (const chunk of source) {
      this.#bytes += chunk.length
      yield chunk
    }
  }
}
