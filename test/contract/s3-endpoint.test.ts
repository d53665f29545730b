/**
 * The contract kept by a server of S3 that others wrote, where the environment names one: `S3_TEST_ENDPOINT`,
 * `S3_TEST_ACCESS_KEY_ID`, `S3_TEST_SECRET_ACCESS_KEY`, `S3_TEST_BUCKET`, `S3_TEST_REGION` (default `us-east-1`) and
 * `S3_TEST_TRAITS`, a JSON object of where the server differs (contract-bucket.ts).
 */
import { openStore } from '../../src/index.js'
import { type ContractBucket, type ContractTraits, USUAL_TRAITS } from './contract-bucket.js'
import { objectStoreContract } from './object-store-contract.js'

const {
  S3_TEST_ENDPOINT: endpoint,
  S3_TEST_ACCESS_KEY_ID: accessKeyId = '',
  S3_TEST_SECRET_ACCESS_KEY: secretAccessKey = '',
  S3_TEST_BUCKET: bucket = '',
  S3_TEST_REGION: region = 'us-east-1',
  S3_TEST_TRAITS: traits = '{}',
} = process.env

function endpointBucket(checksum: 'md5' | 'crc32'): Promise<ContractBucket> {
  return Promise.resolve({
    provider: 's3',
    minPartSize: 5 * 1024 * 1024,
    traits: { ...USUAL_TRAITS, ...(JSON.parse(traits) as Partial<ContractTraits>) },
    open: (options = {}) =>
      openStore({
        provider: 's3',
        bucket,
        region,
        endpoint,
        checksum,
        credentials: { accessKeyId, secretAccessKey },
        retry: { maxAttempts: 3, baseDelayMs: 10, maxDelayMs: 100 },
        ...options,
      }),
    close: () => Promise.resolve(),
  })
}

const skip = endpoint === undefined ? 'S3_TEST_ENDPOINT is not set' : false

for (const checksum of ['md5', 'crc32'] as const) {
  objectStoreContract(
    `the server at ${endpoint ?? 'S3_TEST_ENDPOINT'}, with ${checksum}`,
    () => endpointBucket(checksum),
    {
      skip,
    },
  )
}
