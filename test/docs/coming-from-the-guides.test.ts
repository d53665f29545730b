/** What docs/coming-from-the-guides.md names as a counterpart exists, and it names all that the guides have. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { brokenLinksOf, diagnosticsOf, readDocument } from './documents.js'

const NAME = 'docs/coming-from-the-guides.md'
const DOCUMENT = readDocument(NAME)

/** In whose scope the names of the counterparts stand. */
const SCOPE = `
import type * as library from 'oss-upload-stream'
import { UploadError } from 'oss-upload-stream'
type Names<T> = T extends unknown ? keyof T : never
type Options = library.StoreOptions | library.UploadOptions | library.FileUploadOptions | library.UploadPartOptions
  | library.ListPartsOptions | library.ListUploadPagesOptions | library.AbortStaleUploadsOptions
/** Arguments that are no options. */
type Argument = 'key' | 'path' | 'body' | 'uploadId' | 'partNumber' | 'target' | 'options' | 'part' | 'parts' | 'progress'
declare const store: library.ObjectStore
declare const result: library.UploadResult
declare const progress: library.UploadProgress
declare const part: library.UploadedPart
declare const error: UploadError
declare const callback: library.Callback
declare const retry: library.RetryOptions
declare const timeouts: library.TimeoutOptions
declare const listed: library.ListedUpload
declare const page: library.UploadsPage
declare const upload: library.UploadStream
declare const listedPart: Awaited<ReturnType<ReturnType<typeof store.listParts>['next']>> extends infer R
  ? R extends { done?: false; value: infer P } ? P : never : never
`

/** Each entry of the lists: what is there, what is here, what is different. */
function rows(): [there: string, here: string, different: string][] {
  const entries = DOCUMENT.split('\n').filter((line) => line.startsWith('- '))
  return entries.map((line) => {
    const [, there = '', here = '', different = ''] =
      /^- (.+?) → (.+?)(?:\. (.+))?$/.exec(line) ?? assert.fail(`no counterpart: ${line}`)
    return [there, here, different]
  })
}

function spansOf(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span)
}

/** TypeScript that compiles where what a span names exists. */
function statementFor(span: string): string {
  const names = (text: string) =>
    [...text.matchAll(/[{,] *(\w+)/g)]
      .map(([, name = '']) => `'${name}' satisfies Names<Options> | Argument\n`)
      .join('')
  if (/^[A-Z]+(?:_[A-Z]+)*$/.test(span) && !/^(?:OSS|OBS)_/.test(span))
    return `'${span}' satisfies library.UploadErrorCode\n`
  const event = /^upload\.on\('(\w+)'\)$/.exec(span)?.[1]
  if (event !== undefined) return `'${event}' satisfies keyof library.UploadEvents\n`
  const [, subject = '', call = ''] = /^([\w.]+)(\(.*\))?$/s.exec(span) ?? []
  // An option with a value: \`network: 'internal'\`.
  if (subject === '') return `({ ${span} }) satisfies Options\n`
  if (subject.includes('.')) return `void ${subject}\n${names(call)}`
  // A function of the package, or a callback among the options.
  if (call !== '') return `'${subject}' satisfies keyof typeof library | Names<Options>\n${names(call)}`
  return `'${subject}' satisfies Names<Options> | Argument\n`
}

const diagnosticsFor = (statements: string) => diagnosticsOf(new Map([['guides-table.ts', SCOPE + statements]]))

describe(NAME, () => {
  it('names only counterparts that exist', () => {
    const spans = [...new Set(rows().flatMap(([, here]) => spansOf(here)))]
    assert.ok(spans.length > 60)
    assert.deepEqual(diagnosticsFor(spans.map(statementFor).join('')), [])
  })

  it('would be found out', () => {
    const wrong = [
      'store.uploadFiles()',
      'partsize',
      'result.crc32',
      `network: 'home'`,
      `upload.on('parts')`,
      'openShop()',
      'store.listParts({ uploadIds })',
      'TIMED_OUT',
      'callback.hosts',
    ]
    assert.equal(diagnosticsFor(wrong.map(statementFor).join('')).length, wrong.length)
  })

  it('has a counterpart, or a word, for every call and parameter of the guides', () => {
    const theirs = rows()
      .map(([there]) => there)
      .join('\n')
    for (const name of [
      // OSS SDK for Node.js
      'multipartUpload',
      'name',
      'file',
      'checkpoint',
      'parallel',
      'partSize',
      'progress',
      'percentage',
      'res',
      'meta',
      'mime',
      'headers',
      'Expires',
      'x-oss-storage-class',
      'x-oss-tagging',
      'x-oss-forbid-overwrite',
      'region',
      'accessKeyId',
      'accessKeySecret',
      'authorizationV4',
      'bucket',
      'client.head',
      'ConnectionTimeoutError',
      'initMultipartUpload',
      'client.uploadPart',
      'client.completeMultipartUpload',
      'client.abortMultipartUpload',
      'client.listUploads',
      'prefix',
      'marker',
      'delimiter',
      'upload-id-marker',
      'max-uploads',
      'client.listParts',
      'max-parts',
      'part-number-marker',
      'nextPartNumberMarker',
      'isTruncated',
      'PartNumber',
      'LastModified',
      'ETag',
      'Size',
      'MD5',
      'CRC-64',
      'lifecycle',
      // Browser and Blob
      'client.put',
      'Blob',
      'checkpoint.file',
      'checkpoint.name',
      'checkpoint.fileSize',
      'checkpoint.partSize',
      'checkpoint.uploadId',
      'checkpoint.doneParts',
      'callback.url',
      'callback.body',
      'callback.host',
      'callback.contentType',
      'callback.customValue',
      'pause',
      'resume',
      // OBS SDK for Node.js
      'ObsClient',
      'access_key_id',
      'secret_access_key',
      'server',
      'uploadFile',
      'Bucket',
      'Key',
      'UploadFile',
      'PartSize',
      'TaskNum',
      'EnableCheckpoint',
      'CheckpointFile',
      'EnableCheckSum',
      'RequestId',
      'Location',
      // OSS SDK for Go
      'NewEnvironmentVariableCredentialsProvider',
      'SetCredentialsProvider',
      'oss.New',
      'oss.Region',
      'oss.AuthVersion',
      'client.Bucket',
      'SplitFileByPartSize',
      'InitiateMultipartUpload',
      'bucket.UploadPart',
      'AbortMultipartUpload',
      'CompleteMultipartUpload',
      'ObjectACL',
      'ListUploadedParts',
      'ListMultipartUploads',
      'Delimiter',
      'MaxUploads',
      'KeyMarker',
      'Prefix',
      'UploadIDMarker',
      'upload.Key',
      'upload.UploadID',
      'InvalidDigest',
      'internal endpoint',
      'final object size',
    ]) {
      assert.ok(theirs.includes(name), name)
    }
    for (const option of ['Cache-Control', 'Content-Disposition', 'Content-Encoding'])
      assert.ok(DOCUMENT.includes(option))
  })

  it('links to what there is', () => {
    assert.deepEqual(brokenLinksOf(NAME), [])
  })
})
