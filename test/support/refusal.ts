import assert from 'node:assert/strict'
import { UploadError, type UploadErrorCode } from '../../src/index.js'

/**
 * Asserts that the call is refused with an error whose message holds all of `texts`: the option, the value and what is
 * accepted. The call may throw at once or reject.
 */
export async function assertRefused(
  call: () => unknown,
  texts: readonly string[],
  code: UploadErrorCode = 'INVALID_OPTION',
): Promise<void> {
  const error: unknown = await Promise.resolve()
    .then(call)
    .then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
  assert.ok(error instanceof UploadError, `not an UploadError but ${String(error)}`)
  assert.equal(error.code, code, error.message)
  for (const text of texts)
    assert.ok(error.message.includes(text), `${JSON.stringify(text)} is not in ${error.message}`)
}
