import type { Provider } from '../../../index.js'

/** What is tried. */
export type Right =
  'put' | 'head' | 'get' | 'upload' | 'part' | 'list parts' | 'abort' | 'list' | 'list uploads' | 'delete'

/** A service that is missing here has no policies, or its documentation has not been checked. */
type Actions = Readonly<Partial<Record<Provider, string>>>

const PUT: Actions = {
  oss: 'oss:PutObject',
  obs: 'obs:object:PutObject',
  s3: 's3:PutObject',
}
const GET: Actions = {
  oss: 'oss:GetObject',
  obs: 'obs:object:GetObject',
  s3: 's3:GetObject',
}

/** The action that a policy must allow, by the names of each service. */
export const ACTIONS: Readonly<Record<Right, Actions>> = {
  put: PUT,
  head: GET,
  get: GET,
  upload: PUT,
  part: PUT,
  'list parts': {
    oss: 'oss:ListParts',
    obs: 'obs:object:ListMultipartUploadParts',
    s3: 's3:ListMultipartUploadParts',
  },
  abort: {
    oss: 'oss:AbortMultipartUpload',
    obs: 'obs:object:AbortMultipartUpload',
    s3: 's3:AbortMultipartUpload',
  },
  list: { oss: 'oss:ListObjects', obs: 'obs:bucket:ListBucket', s3: 's3:ListBucket' },
  'list uploads': {
    oss: 'oss:ListMultipartUploads',
    obs: 'obs:bucket:ListBucketMultipartUploads',
    s3: 's3:ListBucketMultipartUploads',
  },
  delete: { oss: 'oss:DeleteObject', obs: 'obs:object:DeleteObject', s3: 's3:DeleteObject' },
}

/** The purpose of the rights that only some backups need. */
export const PURPOSES: Partial<Record<Right, string>> = {
  'list parts': 'for --checkpoint, uploads, parts and abort',
  list: 'for ls, --newest and prune',
  'list uploads': 'for uploads and abort --older-than',
  delete: 'for rm and prune',
}
