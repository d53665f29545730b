/** What the exit status says. Scripts rely on it: a number keeps its meaning. */
export const EXIT = {
  /** Success. */
  done: 0,
  /** A request failed that was no upload. */
  failed: 1,
  /** The command line, an option or the configuration is invalid; nothing was sent. */
  usage: 2,
  /** The producer, a file or standard input failed, or a guard refused what came: nothing was stored. */
  source: 3,
  /** The store failed or refused: nothing was stored, unless the message says so. */
  upload: 4,
  /** The upload was aborted, but not by a signal: by another program. */
  aborted: 5,
  /** There is no such bucket, object or upload. */
  notFound: 6,
  /** The object is there, but it is not what `--older-than` or `--smaller-than` allow. */
  alarm: 7,
  /** The reader of the output is gone: the status of a program that is killed by SIGPIPE. */
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

/** A status as the help explains it. */
interface Meaning {
  status: string
  text: string
  /** Of which commands; absent: of all. */
  commands?: readonly string[]
  /** Of all but these. */
  except?: readonly string[]
}

/** What does not look for anything in a store. */
const WITHOUT_STORE = ['presign', 'serve', 'completion']

const MEANINGS: readonly Meaning[] = [
  { status: '0', text: 'stored and verified', commands: ['put'] },
  { status: '0', text: 'all bytes were read and verified', commands: ['get'] },
  { status: '0', text: 'done', except: ['put', 'get'] },
  { status: '1', text: 'failed', except: ['put'] },
  { status: '2', text: 'an option or the configuration is not acceptable; nothing was sent' },
  {
    status: '3',
    text: 'the command, a file or standard input failed, or a guard refused; nothing was stored',
    commands: ['put'],
  },
  { status: '3', text: 'the command after -- failed', commands: ['get'] },
  {
    status: '4',
    text: 'the store failed or refused; nothing was stored, unless the message says so',
    commands: ['put'],
  },
  { status: '5', text: 'somebody else aborted the upload', commands: ['put'] },
  { status: '6', text: 'there is no such bucket, object or upload', except: ['put', ...WITHOUT_STORE] },
  { status: '7', text: 'the object is older or smaller than the options allow', commands: ['head'] },
  { status: '129, 130, 143', text: 'ended by SIGHUP, SIGINT or SIGTERM', except: WITHOUT_STORE },
  { status: '141', text: 'the reader of the output went away' },
]

/** Returns what the exit statuses of a command mean, in their order. */
export function exitMeanings(command: string): readonly Meaning[] {
  return MEANINGS.filter(
    ({ commands, except = [] }) => (commands === undefined || commands.includes(command)) && !except.includes(command),
  )
}
