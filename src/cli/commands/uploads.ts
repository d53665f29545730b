import type { ListedUpload } from '../../index.js'
import { formatByteSize } from '../options/byte-sizes.js'
import type { Invocation } from './command.js'
import { formatAge } from '../options/durations.js'
import { openTarget } from '../access/store-access.js'
import { noteFirstRetry } from '../progress/retry-note.js'
import { formatTable } from '../progress/table.js'
import { partsOf, unlessGone } from './unfinished-uploads.js'

const COLUMNS = [
  { title: 'KEY' },
  { title: 'UPLOAD ID' },
  { title: 'AGE', isNumber: true },
  { title: 'PARTS', isNumber: true },
  { title: 'BYTES', isNumber: true },
]

/** The key of the target is a beginning: a bucket alone lists all. */
export async function uploads({ operands, options, session }: Invocation): Promise<void> {
  const target = openTarget(operands[0] ?? '', options, session.environment)
  const { stdout } = session
  const calls = noteFirstRetry(session, options)
  const rows: string[][] = []
  try {
    for await (const upload of target.store.listMultipartUploads({ prefix: target.key, ...calls })) {
      const sum = await unlessGone(partsOf(target.store, upload, calls))
      if (sum === undefined) continue
      const { parts, bytes } = sum
      if (options.flag('json')) stdout.json({ ...upload, parts, bytes })
      else rows.push([upload.key, upload.uploadId, ageOf(upload), String(parts), formatByteSize(bytes)])
      stdout.throwIfGone()
    }
  } finally {
    await target.store.close()
  }
  if (rows.length > 0) for (const line of formatTable(COLUMNS, rows)) stdout.line(line)
  else if (!options.flag('json') && !options.flag('quiet'))
    session.stderr.line('ossup: there are no unfinished uploads')
  stdout.throwIfGone()
}

function ageOf({ initiated }: ListedUpload): string {
  return initiated === undefined ? 'unknown' : formatAge(Date.now() - initiated.getTime())
}
