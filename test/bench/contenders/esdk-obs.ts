import { setImmediate as nextTurn } from 'node:timers/promises'
import { BUCKET, type Contender, CREDENTIALS, REGION } from '../contender.js'

export const esdkObs: Contender = {
  name: 'esdk-obs uploadFile',
  remark: 'from a file; not verified',
  from: 'file',
  isVerified: false,
  async open({ endpoint, partSize, concurrency }) {
    const { default: ObsClient } = await import('esdk-obs-nodejs')
    const client = new ObsClient({
      access_key_id: CREDENTIALS.accessKeyId,
      secret_access_key: CREDENTIALS.accessKeySecret,
      server: endpoint,
      region: REGION,
      signature: 'v4',
    })
    // It sets itself up in an asynchronous function that nobody can wait for.
    await nextTurn()
    return {
      async file(Key, UploadFile) {
        const { CommonMsg } = await client.uploadFile({
          Bucket: BUCKET,
          Key,
          UploadFile,
          PartSize: partSize,
          TaskNum: concurrency,
        })
        if (CommonMsg.Status !== 200) throw new Error(`${CommonMsg.Code}: ${CommonMsg.Message}`)
      },
    }
  },
}
