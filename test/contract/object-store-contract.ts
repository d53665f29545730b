/**
 * What every store must do, whatever the service: one suite, run for each. It works under a prefix of its own, so that
 * the bucket may be in use.
 */
import { after, before, describe } from 'node:test'
import { lowLevelContract } from './low-level.js'
import type { ContractBucket } from './contract-bucket.js'
import { ContractSuite } from './contract-suite.js'
import { damageContract } from './damage.js'
import { downloadContract } from './downloads.js'
import { encryptionContract } from './encryption.js'
import { linkContract } from './links.js'
import { listContract } from './lists.js'
import { objectContract } from './objects.js'
import { refusalContract } from './refusals.js'
import { unfinishedContract } from './unfinished.js'

/** `skip` says why the service is not there. */
export function objectStoreContract(
  service: string,
  open: () => Promise<ContractBucket>,
  { skip = false }: { skip?: string | false } = {},
): void {
  describe(`the contract of a store, kept by ${service}:`, { skip }, () => {
    const suite = new ContractSuite()
    before(async () => suite.open(await open()))
    after(() => suite.close())
    objectContract(suite)
    downloadContract(suite)
    listContract(suite)
    damageContract(suite)
    lowLevelContract(suite)
    unfinishedContract(suite)
    encryptionContract(suite)
    refusalContract(suite)
    linkContract(suite)
  })
}
