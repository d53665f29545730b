import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { unescaped } from '../../../src/stores/request/unescaped.js'
import { withoutSecrets } from '../../../src/stores/request/without-secrets.js'
import { anyText } from '../../support/any-text.js'

const SECRET = 'wJalr+UtnF/EMI=K7MD"ENG&bPxRf<CYEXAMPLEKEY'
const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', accessKeySecret: SECRET }

const hex = (char: string): string => char.charCodeAt(0).toString(16)
const everyOther = (escape: (char: string) => string) => (text: string) =>
  text.replace(/[^A-Za-z0-9]/g, (char) => escape(char))
const xml = everyOther((char) => `&#x${hex(char)};`)
const WRITINGS: Readonly<Record<string, (text: string) => string>> = {
  'as it is': (text) => text,
  'with names of XML': (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;'),
  'with references of XML': xml,
  'with decimal references': everyOther((char) => `&#${char.charCodeAt(0)};`),
  'percent-encoded': encodeURIComponent,
  'percent-encoded in lower case': (text) => encodeURIComponent(text).replace(/%../g, (code) => code.toLowerCase()),
  'as JSON': (text) => JSON.stringify(text).slice(1, -1).replaceAll('/', '\\/'),
  'with escapes of JSON': everyOther((char) => `\\u00${hex(char)}`),
  'escaped twice': (text) => xml(xml(text)),
  'in Base64': (text) => Buffer.from(text).toString('base64'),
  'in Base64 behind one byte': (text) => Buffer.from(`:${text}`).toString('base64'),
  'in Base64 behind two bytes': (text) => Buffer.from(`k:${text};`).toString('base64'),
  'in Base64 for URLs': (text) => Buffer.from(`id:${text}`).toString('base64url'),
}

describe('withoutSecrets', () => {
  for (const [name, write] of Object.entries(WRITINGS)) {
    it(`hides a secret that is repeated ${name}`, () => {
      const shown = withoutSecrets(`before ${write(SECRET)} after`, CREDENTIALS, undefined)
      assert.match(shown, /^before \S{0,4}\*\*\*\S{0,4} after$/)
    })
  }

  it('hides what is left of a secret that was cut', () => {
    fc.assert(
      fc.property(fc.nat(SECRET.length - 12), fc.constantFrom('', ' ', '…'), (from, end) => {
        const text = `it was ${SECRET.slice(from, from + 12 + (from % 7))}${end}`
        assert.equal(withoutSecrets(text, CREDENTIALS, undefined), `it was ***${end}`)
      }),
    )
  })

  it('hides short secrets too, and what the request was signed with', () => {
    const headers = {
      authorization: 'OSS AKIDEXAMPLE:c2lnbmF0dXJlIG9mIGl0',
      'x-oss-customer-key': 'a2V5IG9mIHRoZSBjYWxsZXI=',
    }
    const credentials = { accessKeyId: 'minio', accessKeySecret: 'minioadmin', securityToken: 'a token of the service' }
    const text = `minioadmin, ${headers.authorization}, a token of the service, a2V5IG9mIHRoZSBjYWxsZXI=`
    const headersOfS3 = { ...headers, 'x-amz-server-side-encryption-customer-key': headers['x-oss-customer-key'] }
    assert.equal(withoutSecrets(text, credentials, { headers: headersOfS3 }), '***, OSS AKIDEXAMPLE:***, ***, ***')
  })

  it('hides the signatures of other requests, which a server may repeat from the same connection', () => {
    const text = [
      'OSS4-HMAC-SHA256 Credential=ak/20260101/oss,Signature=0123456789abcdef0123, a',
      'authorization: OSS ak:c2lnbmF0dXJlIG9mIGl0= b',
      'AWS ak:c2lnbmF0dXJlIG9mIGl0= OBS%20ak%3Ac2lnbmF0dXJlIG9mIGl0%3D c',
      '?x-oss-signature=0123456789abcdef0123&d X-Amz-Signature%3D0123456789abcdef0123',
    ].join('\n')
    const shown = [
      'OSS4-HMAC-SHA256 Credential=ak/20260101/oss,Signature=***, a',
      'authorization: OSS ak:*** b',
      'AWS ak:*** OBS%20ak%3A*** c',
      '?x-oss-signature=***&d X-Amz-Signature%3D***',
    ].join('\n')
    assert.equal(withoutSecrets(text, CREDENTIALS, undefined), shown)
    assert.equal(withoutSecrets(text, undefined, undefined), shown)
  })

  it('leaves everything else as it is, escapes included', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        assert.equal(withoutSecrets(text, CREDENTIALS, undefined), text)
      }),
    )
    const text = 'a&amp;b %41 \\u0041 the endpoint oss-cn-hangzhou.aliyuncs.com, 20260101/cn-hangzhou/oss'
    const authorization =
      'OSS4-HMAC-SHA256 Credential=ak/20260101/cn-hangzhou/oss/aliyun_v4_request,Signature=00ff00ff00ff00ff'
    assert.equal(withoutSecrets(text, CREDENTIALS, { headers: { authorization } }), text)
  })
})

describe('unescaped', () => {
  it('says where each character was', () => {
    assert.deepEqual(unescaped('a&amp;#x42;%43d'), { characters: 'aBCd', starts: [0, 1, 11, 14, 15] })
  })

  it('keeps the whole text within the positions of its characters', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^(?:&amp;|&#x?[0-9a-f]{1,7};|%[0-9a-f]{2}|\\u[0-9a-f]{4}|\\\/|.)*$/), (text) => {
        const { characters, starts } = unescaped(text)
        assert.equal(starts.length, characters.length + 1)
        assert.equal(starts.at(-1), text.length)
        assert.deepEqual(
          starts,
          [...starts].sort((a, b) => a - b),
        )
      }),
    )
  })
})
