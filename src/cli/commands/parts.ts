import { formatByteSize } from '../options/byte-sizes.js'
import type { Invocation } from './command.js'
import { openObject } from '../access/store-access.js'
import { noteFirstRetry } from '../progress/retry-note.js'
import { formatTable } from '../progress/table.js'
import { onlyUpload } from './unfinished-uploads.js'

const COLUMNS = [
  { title: 'PART', isNumber: true },
  { title: 'BYTES', isNumber: true },
  { title: 'CRC-64', isNumber: true },
  { title: 'ETAG' },
]

export async function parts({ operands, options, session }: Invocation): Promise<void> {
  const { store, key } = openObject(operands[0] ?? '', options, session.environment)
  const { stdout } = session
  const calls = noteFirstRetry(session, options)
  const rows: string[][] = []
  try {
    const uploadId = options.text('upload-id') ?? (await onlyUpload(store, key, calls)).uploadId
    for await (const part of store.listParts({ key, uploadId }, calls)) {
      if (options.flag('json')) stdout.json(part)
      else rows.push([String(part.partNumber), formatByteSize(part.size), part.crc64 ?? '', part.etag])
      stdout.throwIfGone()
    }
  } finally {
    await store.close()
  }
  if (!options.flag('json')) for (const line of formatTable(COLUMNS, rows)) stdout.line(line)
  stdout.throwIfGone()
}
