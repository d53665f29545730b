/**
 * Errors in the format and with the messages that S3 and OBS share (S3 API reference, "Error responses"; OBS, "Error
 * Codes").
 */
import { writeXml, type XmlNode } from '../../http/xml-writer.js'
import type { ErrorShape, RefusalKind, ServiceError } from '../../refusal.js'

export const sharedRefusals: Readonly<Record<RefusalKind, ErrorShape>> = {
  'access-denied': { status: 403, code: 'AccessDenied', message: 'Access Denied' },
  'already-exists': {
    status: 412,
    code: 'PreconditionFailed',
    message: 'At least one of the pre-conditions you specified did not hold',
  },
  'body-timeout': {
    status: 400,
    code: 'RequestTimeout',
    message:
      'Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.',
  },
  'body-too-large': {
    status: 400,
    code: 'EntityTooLarge',
    message: 'Your proposed upload exceeds the maximum allowed size',
  },
  'callback-failed': { status: 203, code: 'CallbackFailed', message: 'The callback failed.' },
  'callback-without-body': { status: 400, code: 'InvalidArgument', message: 'callbackBody is empty.' },
  'digest-malformed': {
    status: 400,
    code: 'InvalidDigest',
    message: 'The Content-MD5 you specified was invalid.',
  },
  'digest-mismatch': {
    status: 400,
    code: 'BadDigest',
    message: 'The Content-MD5 you specified did not match what we received.',
  },
  'internal-error': {
    status: 500,
    code: 'InternalError',
    message: 'We encountered an internal error. Please try again.',
  },
  'invalid-argument': { status: 400, code: 'InvalidArgument', message: 'Invalid Argument' },
  'invalid-bucket-name': { status: 400, code: 'InvalidBucketName', message: 'The specified bucket is not valid.' },
  'invalid-key': { status: 400, code: 'KeyTooLongError', message: 'Your key is too long' },
  'invalid-part': {
    status: 400,
    code: 'InvalidPart',
    message:
      "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
  },
  'invalid-part-order': {
    status: 400,
    code: 'InvalidPartOrder',
    message: 'The list of parts was not in ascending order. Parts must be ordered by part number.',
  },
  'invalid-uri': { status: 400, code: 'InvalidURI', message: "Couldn't parse the specified URI." },
  'malformed-xml': {
    status: 400,
    code: 'MalformedXML',
    message: 'The XML you provided was not well-formed or did not validate against our published schema',
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
  'no-such-bucket': { status: 404, code: 'NoSuchBucket', message: 'The specified bucket does not exist' },
  'no-such-key': { status: 404, code: 'NoSuchKey', message: 'The specified key does not exist.' },
  'no-such-upload': {
    status: 404,
    code: 'NoSuchUpload',
    message:
      'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
  },
  'not-implemented': {
    status: 501,
    code: 'NotImplemented',
    message: 'A header or query you provided implies functionality that is not implemented.',
  },
  'part-too-small': {
    status: 400,
    code: 'EntityTooSmall',
    message: 'Your proposed upload is smaller than the minimum allowed size',
  },
  'precondition-failed': {
    status: 412,
    code: 'PreconditionFailed',
    message: 'At least one of the pre-conditions you specified did not hold',
  },
  'range-not-satisfiable': {
    status: 416,
    code: 'InvalidRange',
    message: 'The requested range is not satisfiable',
  },
  'unexpected-part-list': { status: 400, code: 'InvalidArgument', message: 'Invalid Argument' },
}

/** Returns the error as a document. */
export function errorDocument(error: ServiceError, requestId: string, hostId: string): string {
  const elements: XmlNode[] = [
    ['Code', error.code],
    ['Message', error.message],
    ...Object.entries(error.details),
    ['RequestId', requestId],
    ['HostId', hostId],
  ]
  // Clients recognize an error with status 200 by the last characters of the body.
  return writeXml(['Error', elements]).trimEnd()
}
