import { openObject } from '../../access/store-access.js'
import { usageFailure } from '../../process/failure.js'
import type { Invocation } from '../command.js'

/** Prints a link to one object. */
export async function presign({ operands, options, session }: Invocation): Promise<void> {
  const { stdout } = session
  const target = openObject(operands[0] ?? '', options, session.environment)
  const method = options.flag('put') ? 'PUT' : 'GET'
  const expiresIn = Math.floor((options.duration('expires-in') ?? 3_600_000) / 1000)
  try {
    const contentType = options.text('content-type')
    if (contentType !== undefined && method === 'GET') throw usageFailure('--content-type goes with --put')
    const url = await target.store.presign(target.key, { method, expiresIn, contentType })
    if (options.flag('json')) {
      const expires = new Date(Date.now() + expiresIn * 1000)
      stdout.json({ target: target.addressOf(target.key), method, url, expires })
    } else stdout.line(url)
  } finally {
    await target.store.close()
  }
}
