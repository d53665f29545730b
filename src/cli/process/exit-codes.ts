/** What the exit status says. Scripts rely on it: a number keeps its meaning. */
export const EXIT = {
  /** What was asked for is done. */
  done: 0,
  /** A request failed that was no upload. */
  failed: 1,
  /** The command line, an option or the configuration is not acceptable; nothing was sent. */
  usage: 2,
  /** The producer, a file or standard input failed, or a guard refused what came: nothing was stored. */
  source: 3,
  /** The store failed or refused: nothing was stored, unless the message says so. */
  upload: 4,
  /** The upload was given up, but not by a signal: somebody else aborted it. */
  aborted: 5,
  /** There is no such bucket, object or upload. */
  notFound: 6,
  /** The object is there, but it is not what `--older-than` or `--smaller-than` allow. */
  alarm: 7,
  /** Who read the output went away: as a program ends that is killed by SIGPIPE. */
  readerGone: 141,
} as const

const SIGNAL_NUMBERS: Partial<Record<NodeJS.Signals, number>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }

/** The signal of which `exitCodeOfSignal` is the exit status; undefined when it is another one. */
export function signalOfExitCode(code: number): NodeJS.Signals | undefined {
  return (Object.keys(SIGNAL_NUMBERS) as NodeJS.Signals[]).find((signal) => exitCodeOfSignal(signal) === code)
}

/** As shells say it: 129 for SIGHUP, 130 for SIGINT, 143 for SIGTERM. */
export function exitCodeOfSignal(signal: NodeJS.Signals): number {
  return 128 + (SIGNAL_NUMBERS[signal] ?? 0)
}
