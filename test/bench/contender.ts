import type { Readable } from 'node:stream'

/** Where a contender uploads to, and how. */
export interface Target {
  /** Scheme, host and port of the receiver. */
  endpoint: string
  /** Bytes. */
  partSize: number
  /** Parts in flight. */
  concurrency: number
}

/** What a contender is given to upload: bytes as they come, or the path of a file where it cannot take a stream. */
export interface Uploads {
  stream(key: string, source: Readable): Promise<unknown>
  file(key: string, path: string): Promise<unknown>
  /** A whole small object at once. */
  bytes(key: string, bytes: Buffer): Promise<unknown>
}

export type UploadKind = keyof Uploads

export interface Client extends Partial<Uploads> {
  close?(): unknown
}

/** One way to upload an object. Loaded, opened and measured in a process of its own. */
export interface Contender {
  name: string
  /** What it should be known of it when its figures are read. */
  remark: string
  /** What it takes a large object from. */
  from: Exclude<UploadKind, 'bytes'>
  /** Whether it compares checksums, so that the receiver must compute them. */
  isVerified: boolean
  /** Loads what it needs; throws where that is not installed. */
  open(target: Target): Promise<Client>
}

export const BUCKET = 'bench'
export const REGION = 'us-east-1'

/** Any will do: no receiver looks at signatures. */
export const CREDENTIALS = { accessKeyId: 'bench-access-key', accessKeySecret: 'bench-secret-of-no-account' } as const
