import { Buffer } from 'node:buffer'
import type { Contender } from '../contender.js'
import { chunksOf, UndiciParts } from './undici-parts.js'

export const floorRecycled: Contender = {
  name: 'floor, own buffers',
  remark: 'the same, with chunks copied into buffers that are used again',
  from: 'stream',
  isVerified: false,
  open(target) {
    const parts = new UndiciParts(target)
    const { partSize } = target
    const free: Buffer[] = []
    return Promise.resolve({
      async stream(key, source) {
        const uploadId = await parts.initiate(key)
        const etags: string[] = []
        let buffer: Buffer = Buffer.allocUnsafeSlow(partSize)
        let length = 0
        let number = 0
        const send = async (): Promise<void> => {
          const full = buffer
          number += 1
          const part = { number, body: full.subarray(0, length) }
          await parts.start(key, uploadId, part, etags, () => free.push(full))
          buffer = free.pop() ?? Buffer.allocUnsafeSlow(partSize)
          length = 0
        }
        for await (const chunk of chunksOf(source)) {
          for (let at = 0; at < chunk.length;) {
            const copied = chunk.copy(buffer, length, at)
            at += copied
            length += copied
            if (length === partSize) await send()
          }
        }
        if (length > 0) await send()
        await parts.complete(key, uploadId, etags)
      },
      close: () => parts.close(),
    })
  },
}
