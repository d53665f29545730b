import { BUCKET, type Contender, CREDENTIALS, REGION } from '../contender.js'

export const awsLibStorage: Contender = {
  name: '@aws-sdk/lib-storage',
  remark: 'CRC-32 sent with each part; over plain HTTP the body is hashed by SHA-256 too',
  from: 'stream',
  isVerified: false,
  async open({ endpoint, partSize, concurrency }) {
    const [{ S3Client }, { Upload }] = await Promise.all([import('@aws-sdk/client-s3'), import('@aws-sdk/lib-storage')])
    const client = new S3Client({
      endpoint,
      region: REGION,
      forcePathStyle: true,
      credentials: { accessKeyId: CREDENTIALS.accessKeyId, secretAccessKey: CREDENTIALS.accessKeySecret },
    })
    return {
      stream: (Key, Body) =>
        new Upload({ client, partSize, queueSize: concurrency, params: { Bucket: BUCKET, Key, Body } }).done(),
      close: () => client.destroy(),
    }
  },
}
