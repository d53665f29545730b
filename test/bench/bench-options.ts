import { parseArgs } from 'node:util'

const SUITES = ['upload', 'small', 'scale', 'latency', 'pipe', 'download', 'start'] as const
export type Suite = (typeof SUITES)[number]

export interface BenchOptions {
  suite: Suite
  /** Bytes of the object. */
  size: number
  /** Turns of each contender. */
  runs: number
  /** The same over TLS. */
  tlsRuns: number
  /** Words, of which a contender's name must contain one; empty for all. */
  only: string[]
  /** The schemes to measure, one after the other. */
  schemes: ('http' | 'https')[]
  /** Bytes. */
  partSize: number
  concurrency: number
  /** Of a round trip, for `download`. */
  delayMs: number
  /** Bytes a second of each connection, for `download`. */
  rate: number | undefined
  /** A receiver's URL, or the path of its C source. */
  sink: string | undefined
  /** Folders of other checkouts of this package that are built, to be measured beside this one. */
  against: string[]
  json: boolean
}

export const USAGE = `npm run bench [-- [upload | small | scale | latency | pipe | download | start] [options]]

upload (the default): one object of unknown size, every contender in turn, each in a fresh process
small:                many objects of 1 KiB, against plain undici
scale:                what a byte costs from 64 MiB to the size given, and a part from 10 to 10,000 of them
latency:              throughput with 50 and 200 ms added to each request, against what the parts in flight allow
pipe:                 commands that upload what they read from a pipe, such as ossup put and aws s3 cp -
download:             reading an object back, such as ossup get and rclone cat, from a sender of its own
start:                CPU time of bare node, ossup --version, import, require and echo x | ossup put

  --size 1GiB         of the object (scale: of the largest)
  --runs 5            of each contender; figures are medians
  --only ours,floor   contenders whose name contains one of these; "ours" is this package
  --tls               over TLS alone; --tls=both measures plain HTTP first
  --tls-runs 3        of each contender over TLS, where that is not as many as over plain HTTP
  --part-size 8MiB
  --concurrency 4     parts in flight
  --delay 100         download: milliseconds of a round trip
  --rate 16MiB        download: of each connection, a second
  --sink URL|FILE     another receiver: its URL, or C source to be compiled with gcc
  --against DIR,DIR   other checkouts of this package to be measured as well (pipe, start); build them first
  --json              figures as JSON`

/** Throws a plain Error that says what is accepted. */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  // An option that may have a value, which parseArgs does not know.
  const plain = args.map((arg) => (arg === '--tls' ? '--tls=only' : arg))
  const { values, positionals } = parseArgs({
    args: plain,
    allowPositionals: true,
    options: {
      size: { type: 'string', default: '1GiB' },
      runs: { type: 'string', default: '5' },
      'tls-runs': { type: 'string' },
      only: { type: 'string', default: '' },
      tls: { type: 'string', default: 'no' },
      'part-size': { type: 'string', default: '8MiB' },
      concurrency: { type: 'string', default: '4' },
      delay: { type: 'string' },
      rate: { type: 'string' },
      sink: { type: 'string' },
      against: { type: 'string', default: '' },
      json: { type: 'boolean', default: false },
    },
  })
  const suite = SUITES.find((name) => name === (positionals[0] ?? 'upload'))
  if (suite === undefined || positionals.length > 1) throw new Error(`no such benchmark: ${positionals.join(' ')}`)
  return {
    suite,
    size: bytesOf('--size', values.size),
    runs: countOf('--runs', values.runs),
    tlsRuns: countOf('--tls-runs', values['tls-runs'] ?? values.runs),
    only: wordsOf(values.only),
    schemes: schemesOf(values.tls),
    partSize: bytesOf('--part-size', values['part-size']),
    concurrency: countOf('--concurrency', values.concurrency),
    delayMs: values.delay === undefined ? 0 : countOf('--delay', values.delay),
    rate: values.rate === undefined ? undefined : bytesOf('--rate', values.rate),
    sink: values.sink,
    against: wordsOf(values.against),
    json: values.json,
  }
}

function wordsOf(list: string): string[] {
  return list.split(',').filter((word) => word !== '')
}

function schemesOf(tls: string): BenchOptions['schemes'] {
  if (tls === 'no') return ['http']
  if (tls === 'only') return ['https']
  if (tls === 'both') return ['http', 'https']
  throw new Error(`--tls takes nothing or "both", not ${tls}`)
}

function countOf(option: string, text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new Error(`${option} takes a whole number from 1 on, not ${text}`)
  return Number(text)
}

function bytesOf(option: string, text: string): number {
  const [, digits, unit = ''] = /^([1-9]\d{0,5})(KiB|MiB|GiB)$/.exec(text) ?? []
  const exponent = ['KiB', 'MiB', 'GiB'].indexOf(unit) + 1
  if (digits === undefined) throw new Error(`${option} takes a number of KiB, MiB or GiB, such as 8MiB, not ${text}`)
  return Number(digits) * 1024 ** exponent
}
