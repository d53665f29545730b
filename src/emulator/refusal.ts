/**
 * Reasons for refusing a request. Operations, which all dialects share, throw a `Refusal` of a kind; the dialect
 * converts it to the status, code and message of the service. A dialect throws a `ServiceError` for its own cases.
 */

export type RefusalKind =
  | 'access-denied'
  | 'already-exists'
  | 'body-timeout'
  | 'body-too-large'
  | 'callback-failed'
  | 'callback-without-body'
  | 'digest-malformed'
  | 'digest-mismatch'
  | 'internal-error'
  | 'invalid-argument'
  | 'invalid-bucket-name'
  | 'invalid-key'
  | 'invalid-part'
  | 'invalid-part-order'
  | 'invalid-uri'
  | 'malformed-xml'
  | 'method-not-allowed'
  | 'missing-length'
  | 'no-such-bucket'
  | 'no-such-key'
  | 'no-such-upload'
  | 'not-implemented'
  | 'part-too-small'
  | 'precondition-failed'
  | 'range-not-satisfiable'
  | 'unexpected-part-list'

/** Further elements of the error's body, in order. */
export type ErrorDetails = Readonly<Record<string, string>>

export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly kind: RefusalKind
  readonly details: ErrorDetails

  /** Without a message, that of the dialect for the kind is used. */
  constructor(kind: RefusalKind, details: ErrorDetails = {}, message = '') {
    super(message)
    this.kind = kind
    this.details = details
  }
}

/** An argument, header or parameter with a value that the service refuses. */
export function invalidArgument(name: string, value: string, message = ''): Refusal {
  return new Refusal('invalid-argument', { ArgumentName: name, ArgumentValue: value }, message)
}

export interface ErrorShape {
  readonly status: number
  readonly code: string
  readonly message: string
  /** OSS's code for the exact cause, such as `0042-00000213`. */
  readonly ec?: string
}

/** An error as the client receives it. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError'
  readonly status: number
  readonly code: string
  readonly ec: string | undefined
  readonly details: ErrorDetails

  constructor(shape: ErrorShape, details: ErrorDetails = {}) {
    super(shape.message)
    this.status = shape.status
    this.code = shape.code
    this.ec = shape.ec
    this.details = details
  }
}

/**
 * Converts an error to the one that the client receives. Anything but a refusal is a failure of the emulator, such as a
 * full disk.
 */
export function serviceErrorOf(error: unknown, shapes: Readonly<Record<RefusalKind, ErrorShape>>): ServiceError {
  if (error instanceof ServiceError) return error
  if (!(error instanceof Refusal)) return new ServiceError(shapes['internal-error'])
  const shape = shapes[error.kind]
  return new ServiceError(error.message === '' ? shape : { ...shape, message: error.message }, error.details)
}
