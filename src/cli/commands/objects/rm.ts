import { formatByteSize } from '../../options/byte-sizes.js'
import { openObject } from '../../access/store-access.js'
import { noteFirstRetry } from '../../progress/retry-note.js'
import type { Invocation } from '../command.js'

/** One object. */
export async function rm({ operands, options, session }: Invocation): Promise<void> {
  const { stdout } = session
  const target = openObject(operands[0] ?? '', options, session.environment)
  const address = target.addressOf(target.key)
  const isDry = options.flag('dry-run')
  try {
    const calls = noteFirstRetry(session, options)
    // Deleting an object that does not exist succeeds, so a mistyped key would look like a success.
    const { size } = await target.store.head(target.key, calls)
    if (!isDry) await target.store.delete(target.key, calls)
    if (options.flag('json')) stdout.json({ target: address, key: target.key, size, removed: !isDry })
    else if (!options.flag('quiet')) {
      stdout.line(`${isDry ? 'would remove' : 'removed'} ${address} (${formatByteSize(size)})`)
    }
  } finally {
    await target.store.close()
  }
}
