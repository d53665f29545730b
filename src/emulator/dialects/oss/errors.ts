/** The errors of OSS (the error pages of its documentation; EC codes from the pages of the same name). */
import { Buffer } from 'node:buffer'
import type { Answer } from '../../http/answer.js'
import type { Call } from '../../http/call.js'
import { writeXml, type XmlNode } from '../../http/xml-writer.js'
import type { ErrorShape, RefusalKind, ServiceError } from '../../refusal.js'

export const ossRefusals: Readonly<Record<RefusalKind, ErrorShape>> = {
  'access-denied': { status: 403, code: 'AccessDenied', message: 'You have no right to access this object.' },
  'already-exists': { status: 409, code: 'FileAlreadyExists', message: 'The object you specified already exists.' },
  'body-timeout': {
    status: 400,
    code: 'RequestTimeout',
    message: 'Your socket connection to the server was not read from or written to within the timeout period.',
  },
  'body-too-large': { status: 400, code: 'EntityTooLarge', message: 'Your proposed upload exceeds the maximum size.' },
  'callback-failed': {
    status: 203,
    code: 'CallbackFailed',
    message: 'The callback failed.',
    ec: '0007-00000203',
  },
  'callback-without-body': {
    status: 400,
    code: 'InvalidArgument',
    message: 'The callback configuration is not valid: callbackBody is empty.',
    ec: '0007-00000011',
  },
  'digest-malformed': {
    status: 400,
    code: 'InvalidDigest',
    message: 'The Content-MD5 you specified is not valid.',
    ec: '0017-00000502',
  },
  'digest-mismatch': {
    status: 400,
    code: 'InvalidDigest',
    message: 'The Content-MD5 you specified did not match what we received.',
    ec: '0017-00000503',
  },
  'internal-error': { status: 500, code: 'InternalError', message: 'We encountered an internal error, please retry.' },
  'invalid-argument': { status: 400, code: 'InvalidArgument', message: 'The value of an argument is not valid.' },
  'invalid-bucket-name': { status: 400, code: 'InvalidBucketName', message: 'The specified bucket is not valid.' },
  'invalid-key': { status: 400, code: 'InvalidObjectName', message: 'The specified object is not valid.' },
  'invalid-part': {
    status: 400,
    code: 'InvalidPart',
    message: 'One or more of the specified parts could not be found or the entity tag did not match.',
  },
  'invalid-part-order': {
    status: 400,
    code: 'InvalidPartOrder',
    message: 'The list of parts was not in ascending order.',
  },
  'invalid-uri': { status: 400, code: 'InvalidURI', message: 'The URI could not be parsed.' },
  'malformed-xml': {
    status: 400,
    code: 'MalformedXML',
    message: 'The XML you provided was not well-formed or did not validate against the schema.',
  },
  'method-not-allowed': {
    status: 405,
    code: 'MethodNotAllowed',
    message: 'The specified method is not allowed against this resource.',
  },
  'missing-length': {
    status: 411,
    code: 'MissingContentLength',
    message: 'You must provide the Content-Length HTTP header.',
  },
  'no-such-bucket': { status: 404, code: 'NoSuchBucket', message: 'The specified bucket does not exist.' },
  'no-such-key': { status: 404, code: 'NoSuchKey', message: 'The specified key does not exist.' },
  'no-such-upload': {
    status: 404,
    code: 'NoSuchUpload',
    message: 'The upload does not exist: its ID is wrong, or it was aborted or completed.',
  },
  'not-implemented': {
    status: 501,
    code: 'NotImplemented',
    message: 'The emulator does not support what this request asks for.',
  },
  'part-too-small': {
    status: 400,
    code: 'EntityTooSmall',
    message: 'Your proposed upload is smaller than the minimum allowed size.',
    ec: '0042-00000213',
  },
  'precondition-failed': {
    status: 412,
    code: 'PreconditionFailed',
    message: 'At least one of the preconditions you specified did not hold.',
  },
  'range-not-satisfiable': { status: 416, code: 'InvalidRange', message: 'The requested range cannot be satisfied.' },
  'unexpected-part-list': {
    status: 400,
    code: 'InvalidArgument',
    message: 'The body must be empty when all parts are to be completed.',
    ec: '0042-00000216',
  },
}

/** Returns the error as a document. A response to HEAD has no body, so it contains the document in the header `x-oss-err`. */
export function ossErrorAnswer(error: ServiceError, call: Call | undefined, requestId: string): Answer {
  const elements: XmlNode[] = [
    ['Code', error.code],
    ['Message', error.message],
    ['RequestId', requestId],
    ['HostId', call?.host ?? ''],
    ...Object.entries(error.details),
  ]
  if (error.ec !== undefined) elements.push(['EC', error.ec])
  const xml = writeXml(['Error', elements])
  const ecHeader: Record<string, string> = error.ec === undefined ? {} : { 'x-oss-ec': error.ec }
  if (call?.method === 'HEAD') {
    return { status: error.status, headers: { ...ecHeader, 'x-oss-err': Buffer.from(xml).toString('base64') } }
  }
  return { status: error.status, headers: { ...ecHeader, 'Content-Type': 'application/xml' }, body: xml }
}
