/** Reads a range of a file or a block device into part memory. */
import type { BigIntStats } from 'node:fs'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { PartBuffer } from '../../checksum/crc64.js'
import { MiB } from '../../shared/byte-size.js'
import { invalidOption } from '../../shared/check-option.js'
import { UploadError } from '../../shared/errors.js'
import { readingFrom } from '../../shared/reading-failure.js'

/** Bytes to read at a time. */
const SLICE = MiB

/**
 * Reads `length` bytes from offset `start` into `buffer`, which has room for them. Throws UploadError if the path is neither a
 * file nor a block device, if it ends earlier, if a file is changed meanwhile, or if the file system fails; throws the reason
 * of the signal if that is aborted.
 */
export async function readFileRange(
  file: string,
  start: number,
  length: number,
  buffer: PartBuffer,
  signal: AbortSignal,
): Promise<void> {
  // Non-blocking, as opening a FIFO would wait for its writer.
  const name = JSON.stringify(file)
  const handle = await readingFrom(name, open(file, constants.O_RDONLY | constants.O_NONBLOCK))
  try {
    const before = await readingFrom(name, handle.stat({ bigint: true }))
    mustHaveRanges(file, before)
    await fill(handle, { file, start, length }, buffer, signal)
    const after = await readingFrom(name, handle.stat({ bigint: true }))
    if (after.mtimeNs !== before.mtimeNs) throw changed(file, 'it was written to while the range was read')
  } finally {
    await handle.close()
  }
}

async function fill(
  handle: FileHandle,
  { file, start, length }: { file: string; start: number; length: number },
  buffer: PartBuffer,
  signal: AbortSignal,
): Promise<void> {
  for (let done = 0; done < length;) {
    signal.throwIfAborted()
    const { free } = buffer
    const wanted = Math.min(SLICE, free.length, length - done)
    const { bytesRead } = await readingFrom(JSON.stringify(file), handle.read(free, 0, wanted, start + done))
    if (bytesRead === 0) throw changed(file, `it ends at byte ${start + done}, before the end of the range`)
    buffer.advance(bytesRead)
    done += bytesRead
  }
}

function mustHaveRanges(file: string, found: BigIntStats): void {
  if (found.isFile() || found.isBlockDevice()) return
  throw invalidOption('path', file, 'must be a regular file or a block device, which can be read from any byte')
}

function changed(file: string, how: string): UploadError {
  return new UploadError('SOURCE_CHANGED', `${JSON.stringify(file)} has changed since its parts were planned: ${how}`, {
    retryable: false,
  })
}
