import type { CallOptions, ListedUpload } from '../../index.js'
import { formatByteSize } from '../options/byte-sizes.js'
import { formatCount } from '../options/counts.js'
import type { Invocation } from './command.js'
import { formatAge } from '../options/durations.js'
import { openTarget, type OpenTarget } from '../access/store-access.js'
import type { Options } from '../options/options.js'
import type { Session } from '../process/session.js'
import { noteFirstRetry } from '../progress/retry-note.js'
import { formatTable } from '../progress/table.js'
import { PARTIAL_LIST, partsOf, unlessGone } from './unfinished-uploads.js'

const COLUMNS = [
  { title: 'PARTS', isNumber: true },
  { title: 'SIZE', isNumber: true },
  { title: 'AGE', isNumber: true },
  { title: 'KEY' },
]

/** Some services have upload IDs that are wider than a terminal. */
const LONG_COLUMNS = [...COLUMNS, { title: 'UPLOAD ID' }]

/** The key of the target is a prefix: a bucket alone lists all. */
export async function uploads({ operands, options, session }: Invocation): Promise<void> {
  const target = openTarget(operands[0] ?? '', options, session.environment)
  const { stdout } = session
  const calls = noteFirstRetry(session, options)
  const rows: string[][] = []
  try {
    for await (const upload of listed(target, session, options, calls)) {
      const sum = await unlessGone(partsOf(target.store, upload, calls))
      if (sum === undefined) continue
      const { parts, bytes } = sum
      if (options.flag('json')) stdout.json({ ...upload, parts, bytes })
      else rows.push([formatCount(parts), formatByteSize(bytes), ageOf(upload), upload.key, upload.uploadId])
      stdout.throwIfGone()
    }
  } finally {
    await target.store.close()
  }
  if (rows.length > 0)
    for (const line of formatTable(options.flag('long') ? LONG_COLUMNS : COLUMNS, rows)) stdout.line(line)
  else if (!options.flag('json') && !options.flag('quiet')) session.stderr.line('ossup: no unfinished uploads')
  stdout.throwIfGone()
}

async function* listed(
  { store, key }: OpenTarget,
  { stderr }: Session,
  options: Options,
  calls: CallOptions,
): AsyncGenerator<ListedUpload, void, undefined> {
  let isNoted = options.flag('quiet')
  for await (const page of store.listMultipartUploadPages({ prefix: key, ...calls })) {
    if (page.isPartial && !isNoted) stderr.line(PARTIAL_LIST)
    isNoted ||= page.isPartial === true
    yield* page.uploads
  }
}

function ageOf({ initiated }: ListedUpload): string {
  return initiated === undefined ? 'unknown' : formatAge(Date.now() - initiated.getTime())
}
