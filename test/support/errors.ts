import { UploadError, type UploadErrorCode } from '../../src/shared/errors.js'

/** For assert.throws and assert.rejects: an UploadError of that code whose message has all of `texts`. */
export function uploadError(code: UploadErrorCode, ...texts: string[]): (error: unknown) => boolean {
  return (error) => {
    if (!(error instanceof UploadError)) throw new Error('this is no UploadError', { cause: error })
    if (error.code !== code) throw new Error(`the code is ${error.code}, not ${code}`, { cause: error })
    for (const text of texts) {
      if (!error.message.includes(text)) throw new Error(`the message lacks ${JSON.stringify(text)}`, { cause: error })
    }
    return true
  }
}

export function invalidOption(...texts: string[]): (error: unknown) => boolean {
  return uploadError('INVALID_OPTION', ...texts)
}
