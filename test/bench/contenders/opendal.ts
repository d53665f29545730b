import { createRequire } from 'node:module'
import type { Readable } from 'node:stream'
import { BUCKET, type Contender, CREDENTIALS } from '../contender.js'

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
    const operator = new Operator('oss', {
      bucket: BUCKET,
      endpoint,
      access_key_id: CREDENTIALS.accessKeyId,
      access_key_secret: CREDENTIALS.accessKeySecret,
      addressing_style: 'path',
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

function load(): Opendal {
  try {
    return createRequire(import.meta.url)('opendal') as Opendal
  } catch (error) {
    throw new Error('not installed; `npm install --no-save opendal` installs it', { cause: error })
  }
}
