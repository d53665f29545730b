/** The exit statuses. Scripts rely on them, so a number never changes its meaning. */
export const EXIT = {
  /** Success. */
  done: 0,
  /** A command other than an upload failed. */
  failed: 1,
  /** The command line, an option or the configuration is invalid; nothing was sent. */
  usage: 2,
  /** The producer, a file or standard input failed, or a guard refused the stream: nothing was stored. */
  source: 3,
  /** The store failed or refused: nothing was stored, unless the message says so. */
  upload: 4,
  /** Another program aborted the upload. */
  aborted: 5,
  /** There is no such bucket, object or upload. */
  notFound: 6,
  /** The object exists, but is older or smaller than `--older-than` or `--smaller-than` allow. */
  alarm: 7,
  /** The reader of the output closed it: the status of a program that SIGPIPE kills. */
  readerGone: 141,
} as const

const SIGNAL_NUMBERS: Partial<Record<NodeJS.Signals, number>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }

/** Returns the signal of an exit status of `exitCodeOfSignal`; undefined for any other status. */
export function signalOfExitCode(code: number): NodeJS.Signals | undefined {
  return (Object.keys(SIGNAL_NUMBERS) as NodeJS.Signals[]).find((signal) => exitCodeOfSignal(signal) === code)
}

/** Returns the exit status that shells use: 129 for SIGHUP, 130 for SIGINT, 143 for SIGTERM. */
export function exitCodeOfSignal(signal: NodeJS.Signals): number {
  return 128 + (SIGNAL_NUMBERS[signal] ?? 0)
}

/** The explanation of a status in the help. */
interface Meaning {
  status: string
  text: string
  /** The commands that have it; absent for all. */
  commands?: readonly string[]
  /** The commands that do not have it. */
  except?: readonly string[]
}

/** The commands that do not use an existing store. */
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
  { status: '141', text: 'the reader of the output closed it' },
]

/** Returns what the exit statuses of a command mean, in their order. */
export function exitMeanings(command: string): readonly Meaning[] {
  return MEANINGS.filter(
    ({ commands, except = [] }) => (commands === undefined || commands.includes(command)) && !except.includes(command),
  )
}
