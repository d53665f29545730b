import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { retryPolicy } from '../../../src/shared/backoff.js'
import type { CredentialsOption } from '../../../src/credentials/credentials-source.js'
import { CredentialsSource } from '../../../src/credentials/credentials-source.js'
import { UploadError } from '../../../src/shared/errors.js'
import { RestDriver } from '../../../src/stores/rest-driver.js'
import { ossDialect } from '../../../src/stores/oss/oss-dialect.js'
import type { RequestTrace } from '../../../src/stores/request/request-trace.js'
import { someBytes } from '../../support/bytes.js'
import { rawServer } from '../../support/raw-server.js'
import { bodyOf, CREDENTIALS, rejection, scriptedService, type Step } from '../../support/scripted-service.js'
import { listenTo } from '../../support/trace-listener.js'
import { transport } from '../../support/transport.js'

const PART = { key: 'a key', uploadId: 'U', partNumber: 3 }
const RETRY = retryPolicy({ maxAttempts: 2, baseDelayMs: 0, maxDelayMs: 0, totalMs: 60_000 })

async function failed(promise: Promise<unknown>): Promise<UploadError> {
  const error = await rejection(promise)
  assert.ok(error instanceof UploadError, inspect(error))
  return error
}

/** Everything that a program prints of an error, or keeps of it. */
function allOf(...values: unknown[]): string {
  return values.map((value) => inspect(value, { depth: 12, showHidden: true, maxStringLength: null })).join('\n')
}

function assertNoSecret(shown: string, authorization: string): void {
  const signature = /[^=:]+=?$/.exec(authorization)?.[0] ?? ''
  assert.ok(signature.length > 20)
  for (const secret of [signature, CREDENTIALS.accessKeySecret, CREDENTIALS.securityToken]) {
    for (const form of [secret, Buffer.from(secret).toString('hex')]) {
      assert.equal(shown.includes(form.slice(0, 12)), false, shown)
    }
  }
}

describe('a response that is not HTTP', () => {
  for (const [what, prefix] of [
    ['an echo service', ''],
    ['a debugging proxy that repeats the request in a header that is none', 'HTTP/1.1 200 OK\r\n'],
  ] as const) {
    it(`leaves no secret in the error, its causes or the trace: ${what}`, async (t) => {
      let authorization = ''
      const { origin } = await rawServer(t, (socket) =>
        socket.on('data', (chunk) => {
          authorization = /authorization: (.*)\r/i.exec(chunk.toString('latin1'))?.[1] ?? authorization
          socket.write(prefix)
          socket.write(chunk)
        }),
      )
      const messages = listenTo<RequestTrace>(t, 'oss-upload-stream:request')
      const api = new RestDriver({
        dialect: ossDialect({ bucket: 'bucket', region: 'cn-test', endpoint: origin, signatureVersion: 4 }),
        transport: transport(t),
        credentials: new CredentialsSource(CREDENTIALS),
        retry: RETRY,
        answerMs: 10_000,
      })
      const error = await failed(api.uploadPart({ ...PART, body: bodyOf(someBytes(1000)) }, {}, {}))
      assert.equal(error.code, 'BAD_ANSWER')
      assert.ok(error.cause instanceof Error)
      assertNoSecret(allOf(error, messages), authorization)
    })
  }
})

describe('a service that repeats what it was sent', () => {
  const elements = ['Code', 'Message', 'RequestId', 'EC', 'Endpoint', 'Region'] as const
  for (const element of elements) {
    it(`leaves no secret in the error where ${element} holds it`, async (t) => {
      const service = await scriptedService(t, { retry: RETRY })
      const messages = listenTo<RequestTrace>(t, 'oss-upload-stream:request')
      for (const secretOf of [
        ({ authorization }: Record<string, unknown>) => String(authorization).slice(-40),
        (headers: Record<string, unknown>) => String(headers['x-oss-security-token']),
        () => CREDENTIALS.accessKeySecret,
      ]) {
        const step: Step = ({ headers }) => {
          const texts = { Code: 'Strange', Message: 'm', RequestId: 'r', [element]: secretOf(headers) }
          const inside = Object.entries(texts).map(([name, text]) => `<${name}>${text}</${name}>`)
          return { status: 503, body: `<Error>${inside.join('')}</Error>` }
        }
        service.script(step, step)
        const error = await failed(service.api.uploadPart({ ...PART, body: bodyOf(someBytes(9)) }, {}, {}))
        const authorization = String(service.requests.at(-1)?.headers.authorization)
        assertNoSecret(allOf(error, messages), authorization)
        assert.ok(allOf(error).includes('***'))
      }
    })
  }

  it('leaves none where its request ID is one, in headers', async (t) => {
    const service = await scriptedService(t, { retry: RETRY })
    const messages = listenTo<RequestTrace>(t, 'oss-upload-stream:request')
    const step: Step = () => ({
      status: 403,
      headers: { 'x-oss-request-id': CREDENTIALS.securityToken, 'x-oss-ec': CREDENTIALS.accessKeySecret },
    })
    service.script(step)
    const error = await failed(service.api.uploadPart({ ...PART, body: bodyOf(someBytes(9)) }, {}, {}))
    assertNoSecret(allOf(error, messages), String(service.requests.at(-1)?.headers.authorization))
    assert.equal(error.requestId, '***')
  })
})

describe('the error of a credentials provider', () => {
  it('is handed on by its name, code and message alone', async (t) => {
    const error = Object.assign(new Error('AssumeRole failed'), {
      code: 'E_STS',
      response: { body: CREDENTIALS.accessKeySecret },
    })
    const credentials: CredentialsOption = { getCredential: () => Promise.reject(error) }
    const service = await scriptedService(t, { credentials, retry: retryPolicy({ maxAttempts: 1 }) })
    const messages = await failed(service.api.uploadPart({ ...PART, body: bodyOf(someBytes(9)) }, {}, {}))
    assert.equal(messages.code, 'CREDENTIALS_FAILED')
    assert.equal((messages.cause as { code: string }).code, 'E_STS')
    assert.equal(allOf(messages).includes(CREDENTIALS.accessKeySecret), false)
  })
})
