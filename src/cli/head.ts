import { formatByteSize } from './byte-sizes.js'
import type { Invocation } from './command.js'
import { openObject } from './store-access.js'

export async function head({ operands, options, session }: Invocation): Promise<void> {
  const target = openObject(operands[0] ?? '', options, session.environment)
  try {
    const { headers, metadata, ...info } = await target.store.head(target.key, { signal: session.signal })
    const address = target.addressOf(target.key)
    if (options.flag('json')) {
      session.stdout.line(JSON.stringify({ target: address, ...info, metadata, headers }))
    } else {
      const facts = {
        object: address,
        size: `${info.size} (${formatByteSize(info.size)})`,
        etag: info.etag,
        'crc-64': info.crc64,
        type: info.contentType,
        modified: info.lastModified?.toISOString(),
        version: info.versionId,
        'storage class': info.storageClass,
        encryption: info.serverSideEncryption?.algorithm,
        ...Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`metadata ${name}`, value])),
      }
      for (const [name, value] of Object.entries(facts)) {
        if (value !== undefined && value !== '') session.stdout.line(`${`${name}:`.padEnd(15)} ${value}`)
      }
    }
    session.stdout.throwIfGone()
  } finally {
    await target.store.close()
  }
}
