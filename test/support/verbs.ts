/** The calls of the library that take options, with the names of all of them. */
import { Readable } from 'node:stream'
import {
  createDownloadStream,
  createUploadStream,
  createUploadTransform,
  type ObjectStore,
  openStore,
} from '../../src/index.js'

const OBJECT = [
  ...['contentType', 'metadata', 'headers', 'acl', 'storageClass', 'tagging', 'serverSideEncryption', 'ifMatch'],
  ...['forbidOverwrite', 'callback', 'trafficLimit', 'expireAfterDays', 'contentMd5'],
]
const EVENTS = ['onInitiated', 'onPart', 'onRetry', 'onAway', 'onBack', 'onResumed', 'onRestarted', 'onCheckpoint']
const SEND = [...OBJECT, ...EVENTS, 'partSize', 'concurrency', 'checkpoint', 'inspect', 'signal', 'onProgress']
const UPLOAD = [...SEND, 'expectedSize', 'size', 'maxSize', 'partGrowth', 'resume']
const READ = ['partSize', 'concurrency', 'versionId', 'verify', 'serverSideEncryption', 'signal', 'onProgress']
const CALL = ['signal', 'onRetry']
const LIST = [...CALL, 'limit', 'pageSize', 'after', 'prefix', 'delimiter']
const COMMAND = ['cwd', 'env', 'stdin', 'stderr', 'graceMs', 'idleMs', 'exitCodes', 'descriptors']
const STORE = [
  ...['provider', 'bucket', 'region', 'endpoint', 'credentials', 'retry', 'timeouts', 'maxMemory', 'proxy'],
  ...['bandwidthLimit', 'downloadBandwidthLimit', 'dispatcher', 'addressing', 'network', 'signatureVersion'],
  'requestPayer',
]

/** A call that takes options, and the names of all of them. */
export interface Verb {
  options: readonly string[]
  call: (store: ObjectStore, options: never, file: string) => unknown
  /** Options that it must have. */
  others?: (store: ObjectStore) => object
}

export const ADDRESS = { key: 'k', uploadId: 'U' }
const PARTS = [{ partNumber: 1, etag: '"e"', size: 1, crc64: '1' }]
const KEYS = { accessKeyId: 'a', accessKeySecret: 'b' }

export function first(list: AsyncIterable<unknown>): Promise<unknown> {
  return list[Symbol.asyncIterator]().next()
}

const ofStore = (store: ObjectStore): object => ({ store })

export const VERBS: Readonly<Record<string, Verb>> = {
  'openStore()': {
    options: STORE,
    others: () => ({ bucket: 'bucket', region: 'cn-test', credentials: KEYS }),
    call: (_store, options) => openStore(options),
  },
  'createUploadStream()': {
    options: ['store', ...UPLOAD],
    others: ofStore,
    call: (_store, options) => createUploadStream('k', options),
  },
  'createUploadTransform()': {
    options: ['store', ...UPLOAD],
    others: ofStore,
    call: (_store, options) => createUploadTransform('k', options),
  },
  'createDownloadStream()': {
    options: ['store', ...READ, 'range'],
    others: ofStore,
    call: (_store, options) => createDownloadStream('k', options),
  },
  'store.createUploadStream()': { options: UPLOAD, call: (store, options) => store.createUploadStream('k', options) },
  'store.createUploadTransform()': {
    options: UPLOAD,
    call: (store, options) => store.createUploadTransform('k', options),
  },
  'upload()': { options: UPLOAD, call: (store, options) => store.upload('k', 'body', options) },
  'uploadFile()': {
    options: [...SEND, 'checkContent'],
    call: (store, options, file) => store.uploadFile('k', file, options),
  },
  'uploadCommand()': {
    options: [...UPLOAD, ...COMMAND],
    call: (store, options) => store.uploadCommand('k', 'true', [], options),
  },
  'head()': { options: [...CALL, 'serverSideEncryption'], call: (store, options) => store.head('k', options) },
  'get()': { options: [...CALL, 'serverSideEncryption', 'range'], call: (store, options) => store.get('k', options) },
  'store.createDownloadStream()': {
    options: [...READ, 'range'],
    call: (store, options) => store.createDownloadStream('k', options),
  },
  'downloadFile()': {
    options: [...READ, 'checkpoint', 'onObject', 'onResumed', 'onRestarted', 'onRetry', 'onAway', 'onBack'],
    call: (store, options, file) => store.downloadFile('k', file, options),
  },
  'presign()': {
    options: ['method', 'expiresIn', 'contentType', 'versionId'],
    others: () => ({ method: 'GET' }),
    call: (store, options) => store.presign('k', options),
  },
  'delete()': { options: CALL, call: (store, options) => store.delete('k', options) },
  'list()': { options: LIST, call: (store, options) => first(store.list(options)) },
  'listPages()': { options: LIST, call: (store, options) => first(store.listPages(options)) },
  'listParts()': {
    options: [...CALL, 'limit', 'pageSize', 'after'],
    call: (store, options) => first(store.listParts(ADDRESS, options)),
  },
  'listPartPages()': {
    options: [...CALL, 'limit', 'pageSize', 'after'],
    call: (store, options) => first(store.listPartPages(ADDRESS, options)),
  },
  'listMultipartUploads()': { options: LIST, call: (store, options) => first(store.listMultipartUploads(options)) },
  'listMultipartUploadPages()': {
    options: LIST,
    call: (store, options) => first(store.listMultipartUploadPages(options)),
  },
  'abortStaleUploads()': {
    options: [...CALL, 'olderThanMs', 'before', 'prefix', 'dryRun', 'concurrency'],
    others: () => ({ olderThanMs: 1 }),
    call: (store, options) => store.abortStaleUploads(options),
  },
  'initiateMultipartUpload()': {
    options: [...CALL, ...OBJECT],
    call: (store, options) => store.initiateMultipartUpload('k', options),
  },
  'uploadPart()': {
    options: [...CALL, 'length', 'contentMd5', 'trafficLimit', 'serverSideEncryption'],
    others: () => ({ length: 1 }),
    call: (store, options) => store.uploadPart(ADDRESS, 1, Readable.from(['a']), options),
  },
  'completeMultipartUpload()': {
    options: [
      ...[...CALL, 'acl', 'callback', 'forbidOverwrite', 'ifMatch', 'serverSideEncryption'],
      ...['expectedSize', 'expectedCrc64'],
    ],
    call: (store, options) => store.completeMultipartUpload(ADDRESS, PARTS, options),
  },
  'abortMultipartUpload()': { options: CALL, call: (store, options) => store.abortMultipartUpload(ADDRESS, options) },
  'discardCheckpoint()': {
    options: CALL,
    call: (store, options, file) => store.discardCheckpoint(`${file}.none`, options),
  },
  'planParts()': { options: ['partSize'], call: (store, options) => store.planParts(1, options) },
}
