import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startEmulator, type Emulator } from '../../src/emulator/index.js'
import type { XmlElement } from '../../src/shared/text/xml.js'
import { initiate, uploadPart } from '../support/multipart.js'
import { codeOf, send, xmlOf } from '../support/signed-request.js'

type Query = Record<string, string>

async function list(emulator: Emulator, query: Query, key?: string): Promise<XmlElement> {
  const answer = await send(emulator, { ...(key === undefined ? {} : { key }), query: Object.entries(query) })
  assert.equal(answer.status, 200, answer.body.toString())
  return xmlOf(answer)
}

function texts(parent: XmlElement, element: string, field: string): string[] {
  return parent.children(element).map((child) => child.text(field)!)
}

async function putAll(emulator: Emulator, keys: string[]): Promise<void> {
  for (const key of keys) await send(emulator, { method: 'PUT', key, body: 'x' })
}

describe('ListParts', () => {
  it('gives the parts by number, in pages', async () => {
    await using emulator = await startEmulator()
    const uploadId = await initiate(emulator, 'k')
    for (const number of [10, 2, 1]) await uploadPart(emulator, 'k', uploadId, number, '123456789')
    const first = await list(emulator, { uploadId, 'max-parts': '2' }, 'k')
    assert.deepEqual(texts(first, 'Part', 'PartNumber'), ['1', '2'])
    assert.deepEqual(texts(first, 'Part', 'Size'), ['9', '9'])
    assert.deepEqual(texts(first, 'Part', 'HashCrc64ecma'), ['11051210869376104954', '11051210869376104954'])
    assert.deepEqual(texts(first, 'Part', 'ETag')[0], '"25F9E794323B453885F5181F1B624D0B"')
    assert.equal(first.text('IsTruncated'), 'true')
    assert.equal(first.text('NextPartNumberMarker'), '2')
    const second = await list(emulator, { uploadId, 'max-parts': '2', 'part-number-marker': '2' }, 'k')
    assert.deepEqual(texts(second, 'Part', 'PartNumber'), ['10'])
    assert.equal(second.text('IsTruncated'), 'false')
  })

  it('is NoSuchUpload for an upload that is not there', async () => {
    await using emulator = await startEmulator()
    assert.equal(codeOf(await send(emulator, { key: 'k', query: [['uploadId', 'X']] })), 'NoSuchUpload')
  })

  it('refuses a page that is too large', async () => {
    await using emulator = await startEmulator()
    const uploadId = await initiate(emulator, 'k')
    const query = [['uploadId', uploadId] as const, ['max-parts', '1001'] as const]
    assert.equal(codeOf(await send(emulator, { key: 'k', query })), 'InvalidArgument')
  })
})

describe('ListMultipartUploads', () => {
  it('goes by key in the order of bytes, then by upload ID, page by page', async () => {
    await using emulator = await startEmulator()
    // U+FF61 comes before an emoji in UTF-8, after it in UTF-16.
    const keys = ['b', 'a', 'B', 'a', '\uff61', '😀', 'a']
    const uploads: [key: string, uploadId: string][] = []
    for (const key of keys) uploads.push([key, await initiate(emulator, key)])
    const order = ['B', 'a', 'b', '\uff61', '😀']
    const expected = uploads.sort((a, b) => order.indexOf(a[0]) - order.indexOf(b[0]) || (a[1] < b[1] ? -1 : 1))
    const seen: [string, string][] = []
    let marker: Query = {}
    for (;;) {
      const page = await list(emulator, { uploads: '', 'max-uploads': '2', ...marker })
      seen.push(
        ...page.children('Upload').map((upload): [string, string] => [upload.text('Key')!, upload.text('UploadId')!]),
      )
      if (page.text('IsTruncated') === 'false') break
      marker = { 'key-marker': page.text('NextKeyMarker')!, 'upload-id-marker': page.text('NextUploadIdMarker')! }
    }
    assert.deepEqual(seen, expected)
  })

  it('lists only keys with the prefix, and groups those with a delimiter', async () => {
    await using emulator = await startEmulator()
    for (const key of ['dir/a', 'dir/sub/1', 'dir/sub/2', 'dir/z', 'other']) await initiate(emulator, key)
    const page = await list(emulator, { uploads: '', prefix: 'dir/', delimiter: '/' })
    assert.deepEqual(texts(page, 'Upload', 'Key'), ['dir/a', 'dir/z'])
    assert.deepEqual(texts(page, 'CommonPrefixes', 'Prefix'), ['dir/sub/'])
  })

  it('contains only the unfinished uploads of its bucket', async () => {
    await using emulator = await startEmulator()
    await initiate(emulator, 'open')
    await initiate(emulator, 'elsewhere', { bucket: 'another' })
    const uploadId = await initiate(emulator, 'aborted')
    await send(emulator, { method: 'DELETE', key: 'aborted', query: [['uploadId', uploadId]] })
    assert.deepEqual(texts(await list(emulator, { uploads: '' }), 'Upload', 'Key'), ['open'])
  })

  it('form-encodes names on request', async () => {
    await using emulator = await startEmulator()
    await initiate(emulator, 'a b/c+d\u0001é')
    const page = await list(emulator, { uploads: '', 'encoding-type': 'url', prefix: 'a b' })
    assert.equal(page.text('EncodingType'), 'url')
    assert.equal(page.text('Prefix'), 'a+b')
    assert.deepEqual(texts(page, 'Upload', 'Key'), ['a+b%2Fc%2Bd%01%C3%A9'])
    const refused = await send(emulator, {
      query: [
        ['uploads', ''],
        ['encoding-type', 'base64'],
      ],
    })
    assert.equal(codeOf(refused), 'InvalidArgument')
  })
})

describe('ListObjects', () => {
  const keys = ['a', 'dir/1', 'dir/2', 'dir/sub/x', 'e', 'z&<>"\'']

  it('pages through all keys with markers', async () => {
    await using emulator = await startEmulator()
    await putAll(emulator, keys)
    const seen: string[] = []
    let marker = ''
    for (;;) {
      const page = await list(emulator, { 'max-keys': '4', marker })
      seen.push(...texts(page, 'Contents', 'Key'))
      if (page.text('IsTruncated') === 'false') break
      marker = page.text('NextMarker')!
    }
    assert.deepEqual(seen, keys)
  })

  it('groups keys by a delimiter, and continues after a common prefix', async () => {
    await using emulator = await startEmulator()
    await putAll(emulator, keys)
    const first = await list(emulator, { delimiter: '/', 'max-keys': '2' })
    assert.deepEqual(texts(first, 'Contents', 'Key'), ['a'])
    assert.deepEqual(texts(first, 'CommonPrefixes', 'Prefix'), ['dir/'])
    assert.equal(first.text('NextMarker'), 'dir/')
    const second = await list(emulator, { delimiter: '/', marker: 'dir/' })
    assert.deepEqual(texts(second, 'Contents', 'Key'), ['e', 'z&<>"\''])
    assert.deepEqual(texts(second, 'CommonPrefixes', 'Prefix'), [])
  })

  it('pages with continuation tokens in its second version', async () => {
    await using emulator = await startEmulator()
    await putAll(emulator, keys)
    const first = await list(emulator, { 'list-type': '2', 'max-keys': '4', 'start-after': 'a' })
    assert.deepEqual(texts(first, 'Contents', 'Key'), ['dir/1', 'dir/2', 'dir/sub/x', 'e'])
    assert.equal(first.text('KeyCount'), '4')
    const token = first.text('NextContinuationToken')!
    const second = await list(emulator, { 'list-type': '2', 'continuation-token': token })
    assert.deepEqual(texts(second, 'Contents', 'Key'), ['z&<>"\''])
  })
})
