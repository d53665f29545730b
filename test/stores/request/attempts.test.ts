import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HttpFailure } from '../../../src/http/http-failure.js'
import { retryPolicy } from '../../../src/shared/backoff.js'
import { failureOf } from '../../../src/stores/request/attempt-failure.js'
import { Attempts } from '../../../src/stores/request/attempts.js'

const noConnection = (code: string) =>
  failureOf(new HttpFailure('network', code, false, Object.assign(new Error(code), { code })))

const REFUSED = noConnection('ECONNREFUSED')
const UNKNOWN_HOST = noConnection('ENOTFOUND')

/** Returns the seconds after which a call fails whose attempts fail at once. */
function secondsOfPatience(patienceMs: number, failure: typeof REFUSED, hasAnswered: boolean): number {
  const attempts = new Attempts(retryPolicy({}), patienceMs)
  let ms = 0
  for (;;) {
    attempts.begin()
    const delayMs = attempts.delayAfter(failure, hasAnswered)
    if (delayMs === undefined) return ms / 1000
    ms += delayMs
    attempts.wait(delayMs)
  }
}

describe('a call whose attempts fail at once', () => {
  for (const [what, patienceMs, failure, hasAnswered, seconds] of [
    ['ends after 10 seconds if the host has no name and never answered', 30_000, UNKNOWN_HOST, false, 10],
    ['ends after 10 seconds then, also if the call may wait for longer', 900_000, UNKNOWN_HOST, false, 10],
    ['ends after 30 seconds if nothing listens', 30_000, REFUSED, false, 30],
    ['ends after 15 minutes if the upload has been initiated', 900_000, REFUSED, true, 900],
    ['ends after 15 minutes also if the host has lost its name since', 900_000, UNKNOWN_HOST, true, 900],
  ] as const) {
    it(what, () => {
      assert.equal(secondsOfPatience(patienceMs, failure, hasAnswered), seconds)
    })
  }
})
