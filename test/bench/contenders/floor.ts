import { Buffer } from 'node:buffer'
import type { Contender } from '../contender.js'
import { chunksOf, UndiciParts } from './undici-parts.js'

export const floor: Contender = {
  name: 'floor',
  remark: 'plain undici: chunks collected, joined and sent as parts; neither signed nor verified',
  from: 'stream',
  isVerified: false,
  open(target) {
    const parts = new UndiciParts(target)
    return Promise.resolve({
      async stream(key, source) {
        const uploadId = await parts.initiate(key)
        const etags: string[] = []
        let chunks: Buffer[] = []
        let length = 0
        let number = 0
        const send = async (size: number): Promise<void> => {
          const joined = Buffer.concat(chunks, length)
          chunks = size < length ? [joined.subarray(size)] : []
          length -= size
          number += 1
          await parts.start(key, uploadId, { number, body: joined.subarray(0, size) }, etags)
        }
        for await (const chunk of chunksOf(source)) {
          chunks.push(chunk)
          length += chunk.length
          while (length >= target.partSize) await send(target.partSize)
        }
        if (length > 0) await send(length)
        await parts.complete(key, uploadId, etags)
      },
      bytes: (key, bytes) => parts.request('PUT', `/bench/${key}`, bytes),
      close: () => parts.close(),
    })
  },
}
