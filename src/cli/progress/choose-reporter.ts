import { JsonEvents } from './json-events.js'
import { LiveProgress } from './live-progress.js'
import type { Options } from '../options/options.js'
import type { Output } from '../process/output.js'
import { PlainProgress } from './plain-progress.js'
import type { Reporter } from './reporter.js'

/** `summaries` is the stream for the summary: not standard output, if that contains the object. */
export function chooseReporter(options: Options, summaries: Output, stderr: Output, isDumb: boolean): Reporter {
  const everyMs = options.duration('progress-every')
  if (options.flag('json')) return new JsonEvents(summaries, everyMs)
  if (options.flag('quiet')) return new Silence(stderr)
  return stderr.isTerminal && !isDumb
    ? new LiveProgress(stderr, summaries)
    : new PlainProgress(stderr, summaries, everyMs)
}

class Silence implements Reporter {
  readonly ownsTerminal = false
  readonly #stderr: Output

  constructor(stderr: Output) {
    this.#stderr = stderr
  }

  progress(): void {}
  retry(): void {}
  note(): void {}
  event(): void {}
  foreign(chunk: Uint8Array): void {
    this.#stderr.write(chunk)
  }
  summary(): void {}
  label(): void {}
  close(): void {}
}
