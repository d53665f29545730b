import { BUCKET, type Contender, CREDENTIALS, REGION } from '../contender.js'

export const minio: Contender = {
  name: 'minio',
  remark: 'one part at a time, hashed by MD5; over plain HTTP by SHA-256 too',
  from: 'stream',
  isVerified: false,
  async open({ endpoint, partSize }) {
    const { Client } = await import('minio')
    const { hostname, port, protocol } = new URL(endpoint)
    const client = new Client({
      endPoint: hostname,
      port: Number(port),
      useSSL: protocol === 'https:',
      accessKey: CREDENTIALS.accessKeyId,
      secretKey: CREDENTIALS.accessKeySecret,
      region: REGION,
      partSize,
    })
    return { stream: (key, source) => client.putObject(BUCKET, key, source) }
  },
}
