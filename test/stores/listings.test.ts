import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loadXmlParser } from '../../src/shared/text/xml.js'
import { readPartsPage, readUploadsPage } from '../../src/stores/listings.js'
import type { PartsPage, PartsPageRequest, UploadsPage, UploadsPageRequest } from '../../src/stores/store-driver.js'

const parseXml = await loadXmlParser()

function partsPage(content: string, request: PartsPageRequest = {}): PartsPage {
  return readPartsPage(parseXml(`<ListPartsResult>${content}</ListPartsResult>`), request)
}

function uploadsPage(content: string, request: UploadsPageRequest = {}, sortedBy: 'id' | 'time' = 'id'): UploadsPage {
  const root = parseXml(`<ListMultipartUploadsResult>${content}</ListMultipartUploadsResult>`)
  return readUploadsPage(root, request, sortedBy)
}

function upload(key: string, uploadId = 'U'): string {
  return `<Upload><Key>${key}</Key><UploadId>${uploadId}</UploadId></Upload>`
}

describe('a page of parts', () => {
  const part = '<Part><PartNumber>7</PartNumber><ETag>&#34;E&#34;</ETag><Size>102400</Size>'

  it('has numbers, sizes, checksums and dates', () => {
    const { parts, next } = partsPage(
      `${part}<HashCrc64ecma>18446744073709551615</HashCrc64ecma><LastModified>2025-11-21T02:00:00.000Z</LastModified></Part>`,
    )
    assert.deepEqual(parts, [
      {
        partNumber: 7,
        etag: '"E"',
        size: 102_400,
        crc64: '18446744073709551615',
        lastModified: new Date(Date.UTC(2025, 10, 21, 2)),
      },
    ])
    assert.equal(next, undefined)
  })

  it('leaves out what is not there, or no checksum or date', () => {
    const strange = '<HashCrc64ecma>18446744073709551616</HashCrc64ecma><LastModified>yesterday</LastModified>'
    for (const more of ['', strange]) {
      assert.deepEqual(partsPage(`${part}${more}</Part>`).parts, [{ partNumber: 7, etag: '"E"', size: 102_400 }])
    }
  })

  it('may be empty', () => {
    assert.deepEqual(partsPage('<IsTruncated>false</IsTruncated>'), { parts: [] })
  })

  it('returns where the next page starts, and requests as many again', () => {
    const truncated = '<IsTruncated>true</IsTruncated><NextPartNumberMarker>7</NextPartNumberMarker>'
    assert.deepEqual(partsPage(truncated, { after: 3, limit: 2 }).next, { after: 7, limit: 2 })
    // The marker may be there on the last page too.
    assert.equal(
      partsPage('<IsTruncated>false</IsTruncated><NextPartNumberMarker>7</NextPartNumberMarker>').next,
      undefined,
    )
  })

  it('that does not lead on is refused, so that listing comes to an end', () => {
    for (const [marker, after] of [
      ['7', 7],
      ['6', 7],
      ['0', 0],
      ['-1', 0],
      ['x', 0],
      ['', 0],
    ] as const) {
      const page = `<IsTruncated>true</IsTruncated><NextPartNumberMarker>${marker}</NextPartNumberMarker>`
      assert.throws(() => partsPage(page, { after }))
    }
    assert.throws(() => partsPage('<IsTruncated>true</IsTruncated>'))
  })

  it('that lacks something is refused', () => {
    for (const content of [
      '<Part/>',
      '<Part><PartNumber>1</PartNumber><Size>1</Size></Part>',
      '<Part><PartNumber>1</PartNumber><ETag>E</ETag></Part>',
      '<Part><PartNumber>1.5</PartNumber><ETag>E</ETag><Size>1</Size></Part>',
      '<Part><PartNumber>1</PartNumber><ETag>E</ETag><Size>-1</Size></Part>',
      '<Part><PartNumber>1</PartNumber><ETag>E</ETag><Size>99999999999999999999</Size></Part>',
      '<Part><PartNumber>1</PartNumber><ETag><X/></ETag><Size>1</Size></Part>',
    ]) {
      assert.throws(() => partsPage(content), content)
    }
  })
})

describe('a page of uploads', () => {
  it('has keys as they are, unless the service says that it encoded them', () => {
    const keys = ['007', ' a ', 'a+b%20c']
    assert.deepEqual(
      uploadsPage(keys.map((key) => upload(key)).join('')).uploads.map(({ key }) => key),
      keys,
    )
    assert.deepEqual(
      uploadsPage(`<EncodingType>url</EncodingType>${upload('a+b%20c%2B%2F%E4%B8%AD%00')}`).uploads[0]?.key,
      'a b c+/中\0',
    )
  })

  it('has upload ids and dates', () => {
    const content = `<Upload><Key>k</Key><UploadId>0004</UploadId><Initiated>2025-11-21T02:00:00.000Z</Initiated></Upload>`
    assert.deepEqual(uploadsPage(content).uploads, [
      { key: 'k', uploadId: '0004', initiated: new Date(Date.UTC(2025, 10, 21, 2)) },
    ])
  })

  it('has the prefixes that stand for many', () => {
    const prefixes =
      '<CommonPrefixes><Prefix>a%2F</Prefix></CommonPrefixes><CommonPrefixes><Prefix>b+</Prefix></CommonPrefixes>'
    assert.deepEqual(uploadsPage(`<EncodingType>url</EncodingType>${prefixes}`).commonPrefixes, ['a/', 'b '])
  })

  function truncated(key: string, uploadId?: string): string {
    const marker = uploadId === undefined ? '' : `<NextUploadIdMarker>${uploadId}</NextUploadIdMarker>`
    return `<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextKeyMarker>${key}</NextKeyMarker>${marker}`
  }

  it('returns where the next page starts, and requests the same again', () => {
    const request = { prefix: 'p', limit: 2, delimiter: '/' }
    assert.deepEqual(uploadsPage(truncated('a+b', 'U2'), request).next, {
      ...request,
      after: { key: 'a b', uploadId: 'U2' },
    })
  })

  it('without an upload ID to continue from continues from the key', () => {
    assert.deepEqual(uploadsPage(truncated('k')).next, { after: { key: 'k' } })
    assert.deepEqual(uploadsPage(truncated('k', '')).next, { after: { key: 'k' } })
  })

  it('without any marker continues from the last upload', () => {
    const last = uploadsPage(upload('a', '1') + upload('b', '2') + truncated('')).next
    assert.deepEqual(last, { after: { key: 'b', uploadId: '2' } })
    assert.throws(() => uploadsPage(truncated('')), /NextKeyMarker/)
  })

  it('after a key has no upload of that key, unless it starts after one of them', () => {
    const both = upload('a', '1') + upload('b', '2')
    const keys = (after: UploadsPageRequest['after']) =>
      uploadsPage(both, after === undefined ? {} : { after }).uploads.map(({ key }) => key)
    assert.deepEqual(keys({ key: 'a' }), ['b'])
    assert.deepEqual(keys({ key: 'a', uploadId: '0' }), ['a', 'b'])
    assert.deepEqual(keys(undefined), ['a', 'b'])
  })

  it('leads on to a later key, or to a later upload of the same key', () => {
    const after = { key: 'k', uploadId: 'U5' }
    for (const [key, uploadId] of [
      ['k', 'U6'],
      ['l', 'U1'],
      ['ka', 'U1'],
      ['%F0%9F%98%80', 'U1'],
    ] as const) {
      assert.ok(uploadsPage(truncated(key, uploadId), { after }).next)
    }
    // In the order of bytes, which is not that of UTF-16.
    assert.ok(uploadsPage(truncated('%F0%9F%98%80', 'U1'), { after: { key: '\uff5e', uploadId: 'U9' } }).next)
  })

  it('that does not lead on is refused, so that listing comes to an end', () => {
    const after = { key: 'k', uploadId: 'U5' }
    for (const [key, uploadId] of [
      ['k', 'U5'],
      ['k', 'U4'],
      ['k', undefined],
      ['j', 'U9'],
      ['K', 'U9'],
      ['', 'U9'],
    ] as const) {
      assert.throws(() => uploadsPage(truncated(key, uploadId), { after }), `${key} ${uploadId ?? ''}`)
    }
    assert.throws(() => uploadsPage('<IsTruncated>true</IsTruncated>'))
  })

  it('leads on to any other upload of the key where they are sorted by time', () => {
    const after = { key: 'k', uploadId: 'U5' }
    assert.ok(uploadsPage(truncated('k', 'U4'), { after }, 'time').next)
    for (const [key, uploadId] of [
      ['k', 'U5'],
      ['j', 'U9'],
    ] as const) {
      assert.throws(() => uploadsPage(truncated(key, uploadId), { after }, 'time'))
    }
  })

  it('that lacks something, or has a key that cannot be decoded, is refused', () => {
    for (const content of [
      '<Upload><Key>k</Key></Upload>',
      '<Upload><UploadId>U</UploadId></Upload>',
      '<CommonPrefixes/>',
      `<EncodingType>url</EncodingType>${upload('%E4%B8')}`,
      `<EncodingType>url</EncodingType>${upload('100%')}`,
    ]) {
      assert.throws(() => uploadsPage(content), content)
    }
  })
})
