import { finished } from 'node:stream/promises'
import type { Contender } from '../contender.js'

export const nothing: Contender = {
  name: 'nothing',
  remark: 'reads the stream and drops it: what Node itself needs',
  from: 'stream',
  isVerified: false,
  open: () =>
    Promise.resolve({
      async stream(_key, source) {
        source.resume()
        await finished(source)
      },
    }),
}
