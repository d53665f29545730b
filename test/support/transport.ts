import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { HttpFailure } from '../../src/http/http-failure.js'
import type { HttpRequest } from '../../src/http/http-message.js'
import { type TimeoutOptions, Transport } from '../../src/http/transport.js'

const PATIENT: TimeoutOptions = { connectMs: 10_000, answerMs: 10_000, stallMs: 10_000 }

/** Closed when the test ends. What is not said about its limits is long. */
export function transport(t: Pick<TestContext, 'after'>, timeouts: Partial<TimeoutOptions> = {}): Transport {
  const made = new Transport({ ...PATIENT, ...timeouts })
  t.after(() => made.close())
  return made
}

export function get(origin: string, more: Partial<HttpRequest> = {}): HttpRequest {
  return { method: 'GET', origin, path: '/', headers: {}, ...more }
}

export function put(origin: string, body: Uint8Array, more: Partial<HttpRequest> = {}): HttpRequest {
  return {
    ...get(origin, {
      body: { segments: [body], size: body.length },
      headers: { 'content-length': String(body.length) },
    }),
    method: 'PUT',
    ...more,
  }
}

/** What the promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<HttpFailure> {
  const error: unknown = await promise.then(
    () => assert.fail('the request succeeded'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof HttpFailure, String(error))
  return error
}
