import { pipeline } from 'node:stream/promises'
import { openStore } from 'oss-upload-stream'
import { BUCKET, type Contender, CREDENTIALS } from '../contender.js'

export const ours: Contender = {
  name: 'oss-upload-stream',
  remark: 'signed; every part and the whole object verified by CRC-64',
  from: 'stream',
  isVerified: true,
  open({ endpoint, partSize, concurrency }) {
    const store = openStore({ bucket: BUCKET, region: 'cn-hangzhou', endpoint, credentials: CREDENTIALS })
    const options = { partSize, concurrency }
    return Promise.resolve({
      stream: (key, source) => pipeline(source, store.createUploadStream(key, options)),
      bytes(key, bytes) {
        const upload = store.createUploadStream(key, options)
        upload.end(bytes)
        return upload.done
      },
      close: () => store.close(),
    })
  },
}
