import { checkInteger, checkOneOf, checkString, invalidOption, takeOptions } from '../shared/check-option.js'
import type { Presigner } from '../stores/presigner.js'

/** What a link authorizes. */
export interface PresignOptions {
  /** `'GET'` reads the object, `'PUT'` stores it. Default `'GET'`. */
  method?: 'GET' | 'PUT' | undefined
  /** Seconds for which the link is valid, 1 to 604,800 (7 days), but no longer than the credentials. Default 3,600. */
  expiresIn?: number | undefined
  /** With `'PUT'`: the Content-Type that the request must have. Default: the request must not have one. */
  contentType?: string | undefined
  /** With `'GET'`: this version of the object. Default: the current version. */
  versionId?: string | undefined
}

const LONGEST = 7 * 24 * 60 * 60

/** Resolves with the URL. @throws {UploadError} `INVALID_OPTION`. */
export async function presign(presigner: Presigner, key: string, given: PresignOptions): Promise<string> {
  const options = takeOptions('presign()', given, ['method', 'expiresIn', 'contentType', 'versionId'])
  const { expiresIn = 3_600, contentType, versionId } = options
  const method = checkOneOf('method', options.method ?? 'GET', ['GET', 'PUT'])
  if (contentType !== undefined && method === 'GET') {
    throw invalidOption('contentType', contentType, `must be left out with method 'GET'`)
  }
  if (versionId !== undefined && method === 'PUT') {
    throw invalidOption('versionId', versionId, `must be left out with method 'PUT'`)
  }
  if (key.split('/').some((segment) => segment === '.' || segment === '..')) {
    throw invalidOption('key', key, 'must have no segment . or .., which browsers and other clients remove from a URL')
  }
  return presigner.urlOf({
    method,
    key,
    expiresIn: checkInteger('expiresIn', expiresIn, 1, LONGEST, 'seconds'),
    contentType: contentType === undefined ? undefined : checkHeader(contentType),
    versionId: versionId === undefined ? undefined : checkString('versionId', versionId),
  })
}

function checkHeader(contentType: string): string {
  const text = checkString('contentType', contentType)
  if (/^[!-~](?:[ -~]*[!-~])?$/.test(text)) return text
  throw invalidOption('contentType', text, 'must be printable ASCII, without spaces at its ends')
}
