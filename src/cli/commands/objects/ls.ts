import { formatByteSize } from '../../options/byte-sizes.js'
import { countOf } from '../../options/counts.js'
import { openTarget } from '../../access/store-access.js'
import { usageFailure } from '../../process/failure.js'
import { noteFirstRetry } from '../../progress/retry-note.js'
import { formatTable } from '../../progress/table.js'
import type { Invocation } from '../command.js'
import { ageOf, NewestObjects, objectsOf, type Seen } from './listed.js'

/** Bounds the memory of a listing that is sorted by age; more rows than a person reads. */
const MOST_ROWS = 10_000

const COLUMNS = [{ title: 'SIZE', isNumber: true }, { title: 'AGE', isNumber: true }, { title: 'KEY' }]

/** The key of the target is a prefix: a bucket alone lists all. */
export async function ls({ operands, options, session }: Invocation): Promise<void> {
  const { stdout, stderr } = session
  const last = options.wholeNumber('last')
  if (last !== undefined && (last < 1 || last > MOST_ROWS)) {
    throw usageFailure(`--last must be a whole number from 1 to ${MOST_ROWS} (got ${last})`)
  }
  const target = openTarget(operands[0] ?? '', options, session.environment)
  const isJson = options.flag('json')
  const newest = new NewestObjects(last ?? MOST_ROWS)
  const write = ({ object }: Seen) => stdout.json({ target: target.addressOf(object.key), ...object })
  try {
    for await (const seen of objectsOf(target, noteFirstRetry(session, options))) {
      // Programs get all objects in the order of the listing, so nothing is kept in memory.
      if (isJson && last === undefined) {
        write(seen)
        if (stdout.stream.writableNeedDrain) await stdout.flush(session.signal)
        stdout.throwIfGone()
      } else newest.add(seen)
    }
  } finally {
    await target.store.close()
  }
  const rows = newest.newestLast()
  if (isJson) rows.forEach(write)
  else if (rows.length > 0) {
    const cells = rows.map((seen) => [formatByteSize(seen.object.size), ageOf(seen), seen.object.key])
    for (const line of formatTable(COLUMNS, cells)) stdout.line(line)
    const hidden = newest.total - rows.length
    if (hidden > 0 && last === undefined && !options.flag('quiet')) {
      stderr.line(
        `ossup: ${countOf(hidden, 'older object is', 'older objects are')} not shown; --json lists all of them`,
      )
    }
  } else if (!options.flag('quiet')) stderr.line('ossup: no objects')
  stdout.throwIfGone()
}
