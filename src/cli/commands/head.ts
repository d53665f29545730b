import { type Checksum } from '../../checksum/checksum.js'
import { CHECKSUM_NAMES } from '../../shared/checksum-names.js'
import type { ObjectInfo } from '../../index.js'
import { formatByteSize } from '../options/byte-sizes.js'
import type { Invocation } from './command.js'
import { openObject } from '../options/store-access.js'

export async function head({ operands, options, session }: Invocation): Promise<void> {
  const target = openObject(operands[0] ?? '', options, session.environment)
  try {
    const { headers, metadata, ...info } = await target.store.head(target.key, { signal: session.signal })
    const address = target.addressOf(target.key)
    if (options.flag('json')) {
      session.stdout.json({ target: address, ...info, metadata, headers })
    } else {
      const facts = {
        object: address,
        size: `${info.size} (${formatByteSize(info.size)})`,
        etag: info.etag,
        ...checksumFact(info.checksum),
        type: info.contentType,
        modified: info.lastModified?.toISOString(),
        version: info.versionId,
        'storage class': info.storageClass,
        encryption: encryptionText(info.serverSideEncryption),
        tags: info.tagCount,
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

/** By its own name: services differ in which one they have. */
function checksumFact(checksum: Checksum | undefined): Record<string, string> {
  return checksum === undefined ? {} : { [CHECKSUM_NAMES[checksum.algorithm].toLowerCase()]: checksum.value }
}

function encryptionText(told: ObjectInfo['serverSideEncryption']): string | undefined {
  if (told === undefined) return undefined
  const { algorithm, keyId, dataEncryption, isCustomerKey } = told
  const facts = [
    keyId === undefined ? '' : `key ${keyId}`,
    dataEncryption ?? '',
    isCustomerKey ? "caller's own key" : '',
  ]
  return [algorithm, ...facts.filter((fact) => fact !== '')].join(', ')
}
