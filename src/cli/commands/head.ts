import { CHECKSUM_NAMES } from '../../internal.js'
import type { Checksum, ObjectInfo } from '../../index.js'
import { formatByteSize } from '../options/byte-sizes.js'
import { countOf } from '../options/counts.js'
import type { Invocation } from './command.js'
import { formatAge } from '../options/durations.js'
import { customerKeyOf } from '../options/customer-key.js'
import type { Options } from '../options/options.js'
import { EXIT } from '../process/exit-codes.js'
import { Failure } from '../process/failure.js'
import { isEtagOfParts } from '../progress/summaries.js'
import { noteFirstRetry } from '../progress/retry-note.js'
import { openNamedObject } from './objects/named-object.js'

export async function head({ operands, options, session }: Invocation): Promise<void> {
  const calls = noteFirstRetry(session, options)
  const target = await openNamedObject(operands[0] ?? '', options, session.environment, calls)
  try {
    const { headers, metadata, ...info } = await target.store.head(target.key, {
      ...calls,
      serverSideEncryption: customerKeyOf(options),
    })
    const address = target.addressOf(target.key)
    if (options.flag('json')) {
      session.stdout.json({ target: address, ...info, metadata, headers })
    } else {
      const facts = {
        object: address,
        size: `${countOf(info.size, 'byte')} (${formatByteSize(info.size)})`,
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
    raiseAlarm(address, info, Date.parse(headers['date'] ?? ''), options)
  } finally {
    await target.store.close()
  }
}

/** Compares by the clock of the service, if the response has its time, as the local clock may be wrong. */
function raiseAlarm(
  address: string,
  { size, lastModified }: Pick<ObjectInfo, 'size' | 'lastModified'>,
  answeredAt: number,
  options: Options,
): void {
  const oldest = options.duration('older-than')
  const smallest = options.byteSize('smaller-than')
  const reasons: string[] = []
  if (oldest !== undefined) {
    const age = (Number.isNaN(answeredAt) ? Date.now() : answeredAt) - (lastModified?.getTime() ?? -Infinity)
    if (age > oldest) reasons.push(`${formatAge(age)} old, more than ${options.text('older-than') ?? ''}`)
  }
  if (smallest !== undefined && size < smallest) {
    reasons.push(`${countOf(size, 'byte')} large, less than ${options.text('smaller-than') ?? ''}`)
  }
  if (reasons.length > 0) throw new Failure(EXIT.alarm, `${address} is ${reasons.join(', and ')}`)
}

/** Prints the checksum with its name, which differs between services. The ETag of parts has its own line. */
function checksumFact(checksum: Checksum | undefined): Record<string, string> {
  return checksum === undefined || isEtagOfParts(checksum)
    ? {}
    : { [CHECKSUM_NAMES[checksum.algorithm].toLowerCase()]: checksum.value }
}

function encryptionText(encryption: ObjectInfo['serverSideEncryption']): string | undefined {
  if (encryption === undefined) return undefined
  const { algorithm, keyId, dataEncryption, isCustomerKey } = encryption
  const facts = [
    keyId === undefined ? '' : `key ${keyId}`,
    dataEncryption ?? '',
    isCustomerKey ? "caller's own key" : '',
  ]
  return [algorithm, ...facts.filter((fact) => fact !== '')].join(', ')
}
