import { BUCKET, type Contender, CREDENTIALS, type Target } from '../contender.js'

async function clientOf(endpoint: string) {
  const { default: OSS } = await import('ali-oss')
  return new OSS({ ...CREDENTIALS, endpoint, bucket: BUCKET, secure: endpoint.startsWith('https:'), timeout: 600_000 })
}

export const aliOssStream: Contender = {
  name: 'ali-oss putStream',
  remark: 'one request, at most 5 GB; not verified',
  from: 'stream',
  isVerified: false,
  async open({ endpoint }: Target) {
    const client = await clientOf(endpoint)
    return { stream: (key, source) => client.putStream(key, source) }
  },
}

export const aliOssFile: Contender = {
  name: 'ali-oss multipartUpload',
  remark: 'from a file; not verified',
  from: 'file',
  isVerified: false,
  async open({ endpoint, partSize, concurrency }: Target) {
    const client = await clientOf(endpoint)
    return { file: (key, path) => client.multipartUpload(key, path, { partSize, parallel: concurrency }) }
  },
}
