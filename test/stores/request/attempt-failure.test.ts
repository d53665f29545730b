import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HttpFailure } from '../../../src/http/http-failure.js'
import { UploadError } from '../../../src/shared/errors.js'
import {
  type AttemptFailure,
  failureOf,
  failureOfAnswer,
  isErrorDocument,
} from '../../../src/stores/request/attempt-failure.js'
import { ossDialect } from '../../../src/stores/oss/oss-dialect.js'

const dialect = ossDialect({ bucket: 'bucket', region: 'cn-test' })

function failure(status: number, text: string, headers: Record<string, string> = {}): Promise<AttemptFailure> {
  return failureOfAnswer({ status, headers, text }, dialect, { operation: 'UploadPart' })
}

function errorXml(content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error xmlns="http://doc.oss-cn-hangzhou.aliyuncs.com">${content}</Error>`
}

describe('the failure of a response', () => {
  it('has the code, the message and the ids of the service', async () => {
    const text = errorXml('<Code>NoSuchKey</Code><Message> a &lt;b&gt; </Message><RequestId>R</RequestId><EC>E</EC>')
    const { message, facts } = await failure(404, text, { 'x-oss-request-id': 'other', 'x-oss-ec': 'other' })
    assert.match(message, /^404 NoSuchKey: {2}a <b> $/)
    assert.equal(facts.serviceCode, 'NoSuchKey')
    assert.equal(facts.requestId, 'R')
    assert.equal(facts.ec, 'E')
  })

  it('has the ids of the headers where the document has none', async () => {
    const text = errorXml('<Code>NoSuchKey</Code><RequestId/><EC></EC>')
    const { facts } = await failure(404, text, { 'x-oss-request-id': 'R', 'x-oss-ec': 'E' })
    assert.equal(facts.requestId, 'R')
    assert.equal(facts.ec, 'E')
  })

  for (const [what, text] of [
    ['nothing', ''],
    ['white space', ' \n '],
    ['a page for people', '<!DOCTYPE html><html><body>Bad gateway</body></html>'],
    ['JSON', '{"Error":{"Code":"NoSuchKey"}}'],
    ['plain text', 'upstream connect error'],
    ['half a document', '<Error><Code>NoSuchKey</Code>'],
    ['a document without a code', errorXml('<Message>x</Message>')],
    ['a document with an empty code', errorXml('<Code></Code>')],
    ['a code that is no text', errorXml('<Code><Code>x</Code></Code>')],
    ['another document', '<Failure><Code>NoSuchKey</Code></Failure>'],
    ['an entity', '<!DOCTYPE Error [<!ENTITY a "NoSuchKey">]><Error><Code>&a;</Code></Error>'],
    ['reserved names', errorXml('<__proto__><Code>x</Code></__proto__>')],
  ] as const) {
    it(`is known by the status alone where the body is ${what}`, async () => {
      const { code, facts } = await failure(404, text)
      assert.equal(code, 'NOT_FOUND')
      assert.equal(facts.serviceCode, 'HTTP404')
      assert.equal(facts.requestId, undefined)
    })
  }

  it('has short IDs on one line for any response', async () => {
    const long = `a\r\nb\u202e${'x'.repeat(10_000)}`
    const text = errorXml(`<Code>${long}</Code><RequestId>${long}</RequestId><EC>${long}</EC>`)
    const { facts } = await failure(400, text)
    for (const id of [facts.serviceCode, facts.requestId, facts.ec]) {
      assert.ok(id !== undefined && id.length <= 100)
      assert.match(id, /^a b x+…$/)
    }
  })

  it('is not looked for in more than an error document has, which would block the process for seconds', async () => {
    const withElements = (count: number) => errorXml(`<Code>NoSuchKey</Code>${'<X>&#34;</X>'.repeat(count)}`)
    assert.equal((await failure(404, withElements(5000))).facts.serviceCode, 'NoSuchKey')
    const large = await failure(404, withElements(600_000))
    assert.equal(large.facts.serviceCode, 'HTTP404')
    assert.ok(large.message.length < 5000)
  })
})

describe('the cause of a failed response', () => {
  it('is final where nothing would change', () => {
    for (const kind of ['certificate', 'cancelled'] as const) {
      assert.equal(failureOf(new HttpFailure(kind, 'x', false)).facts.remedy, 'none')
    }
    for (const kind of ['network', 'timeout', 'answer'] as const) {
      assert.equal(failureOf(new HttpFailure(kind, 'x', true)).facts.remedy, 'again')
    }
  })

  it('reports whether the request may have taken effect', () => {
    for (const mayHaveArrived of [true, false]) {
      const { facts } = failureOf(new HttpFailure('network', 'x', mayHaveArrived))
      assert.equal(facts.outcomeUnknown, mayHaveArrived)
    }
  })

  it('is not an error of another cause', () => {
    for (const error of [new TypeError('a bug'), new UploadError('MISSING_CREDENTIALS', 'half'), 'text']) {
      assert.throws(
        () => failureOf(error),
        (thrown) => thrown === error,
      )
    }
  })
})

describe('an error document', () => {
  it('is known by its root', () => {
    for (const text of ['<Error>', '<Error xmlns="x">', ' \n<?xml version="1.0"?>\n<Error>', '<?xml?><Error\n>']) {
      assert.equal(isErrorDocument(text), true, text)
    }
    for (const text of ['', '{"a":"<Error>"}', '<Errors>', '<Result><Error></Error></Result>', 'x<Error>']) {
      assert.equal(isErrorDocument(text), false, text)
    }
  })
})
