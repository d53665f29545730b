import { createRequire } from 'node:module'
import type { Readable } from 'node:stream'
import { BUCKET, type Contender, CREDENTIALS, REGION } from '../contender.js'

/** What is used of opendal, which is no dependency of this package: it is a native module of 30 MB. */
interface Opendal {
  Operator: new (
    scheme: string,
    options: Record<string, string>,
  ) => {
    writer(
      path: string,
      options: { chunk: bigint; concurrent: number },
    ): Promise<{ write(bytes: Buffer): Promise<void>; close(): Promise<void> }>
  }
}

export const opendal: Contender = {
  name: 'opendal',
  remark: 'Rust, off the main thread; not verified',
  from: 'stream',
  isVerified: false,
  open({ endpoint, partSize, concurrency }) {
    const { Operator } = load()
    // Its OSS puts the bucket before the host, which an IP address does not allow.
    const operator = new Operator('s3', {
      bucket: BUCKET,
      region: REGION,
      endpoint,
      access_key_id: CREDENTIALS.accessKeyId,
      secret_access_key: CREDENTIALS.accessKeySecret,
    })
    return Promise.resolve({
      async stream(key: string, source: Readable) {
        const writer = await operator.writer(key, { chunk: BigInt(partSize), concurrent: concurrency })
        for await (const chunk of source as AsyncIterable<Buffer>) await writer.write(chunk)
        await writer.close()
      },
    })
  },
}

/** Its binding is built for some systems only. */
function load(): Opendal {
  const require = createRequire(import.meta.url)
  let path: string
  try {
    path = require.resolve('opendal')
  } catch (error) {
    throw new Error('not installed; `npm install --no-save opendal` installs it', { cause: error })
  }
  try {
    return require(path) as Opendal
  } catch (error) {
    throw new Error(`its binding does not load: ${reasonOf(error)}`, { cause: error })
  }
}

function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: unknown }
  return String(Array.isArray(cause) ? cause.at(-1) : error)
}
