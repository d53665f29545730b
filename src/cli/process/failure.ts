import { inspect } from 'node:util'
import { oneLine } from '../../internal.js'
import type { UploadError } from '../../index.js'
import { EXIT, signalOfExitCode } from './exit-codes.js'

/** An error of a command: a message without a stack, and an exit status. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly exitCode: number
  /** What to do, a line each. */
  readonly details: readonly string[]

  constructor(exitCode: number, message: string, cause?: unknown, details: readonly string[] = []) {
    super(message, cause === undefined ? undefined : { cause })
    this.exitCode = exitCode
    this.details = details
  }
}

export function usageFailure(message: string): Failure {
  return new Failure(EXIT.usage, message)
}

/** A failure of the source, not of the upload. */
export function sourceFailure(what: string, cause: unknown): Failure {
  if (cause instanceof Failure) return cause
  return new Failure(EXIT.source, `${what}: ${messageOf(cause)}`, cause)
}

/** Returns the exit status of a failure; `otherwise` if the failure has none. */
export function exitCodeOf(error: unknown, otherwise: number): number {
  if (error instanceof Failure) return error.exitCode
  if (isReaderGone(error)) return EXIT.readerGone
  if (!isUploadError(error)) return otherwise
  switch (error.code) {
    case 'INVALID_OPTION':
    case 'MISSING_CREDENTIALS':
      return EXIT.usage
    case 'FILE_FAILED':
    case 'SOURCE_CHANGED':
      return otherwise === EXIT.upload ? EXIT.source : otherwise
    case 'ABORTED':
      return EXIT.aborted
    case 'NO_SUCH_UPLOAD':
      return otherwise === EXIT.upload ? EXIT.aborted : EXIT.notFound
    case 'NOT_FOUND':
      return otherwise === EXIT.upload ? EXIT.upload : EXIT.notFound
    default:
      return otherwise
  }
}

/** Recognizes the error by its name, so that reporting a failure loads nothing of the library. */
function isUploadError(error: unknown): error is UploadError {
  return error instanceof Error && error.name === 'UploadError'
}

export function isReaderGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === 'EPIPE'
}

/** Whether a command failed by a signal that may have been sent to its whole group; a shell passes it on as a status. */
export function isEndedBySignal(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { signal, exitCode = 0, code } = error as Partial<UploadError>
  if (code !== 'COMMAND_FAILED') return isEndedBySignal(error.cause)
  return signal !== undefined || signalOfExitCode(exitCode) !== undefined
}

/** Whether the error comes from an aborted signal, in this library or in Node.js. */
export function isCancelled(error: unknown): boolean {
  return ['ABORTED', 'ABORT_ERR'].includes(String((error as { code?: unknown } | null)?.code))
}

/** Returns the message on one line: text of others must not move the cursor of a terminal. */
export function messageOf(error: unknown): string {
  return oneLine(error instanceof Error ? error.message : String(error), 2000)
}

/** Advice for errors whose message does not explain what to change. */
const ADVICE = [
  { about: /\buv_cwd\b/, text: 'the working folder was removed: change to one that exists, or give absolute paths' },
  { about: /\bENOTFOUND\b/, text: 'no host has that name: check the region, the endpoint and the bucket' },
  { about: /\bEAI_AGAIN\b/, text: 'no name server responds: check the network of this machine' },
  {
    about: /\bECONNREFUSED\b/,
    text: 'nothing listens on that port: check the endpoint and its port, or start the service',
  },
  {
    about: /\bERR_SSL_WRONG_VERSION_NUMBER\b/,
    text: 'the server does not use TLS: for plain HTTP, use an endpoint that starts with http://',
  },
  {
    about: /self-signed certificate|unable to (?:verify the first|get local issuer) certificate/i,
    text: 'the certificate authority is unknown on this machine: add its certificate with NODE_EXTRA_CA_CERTS=FILE',
  },
  { about: /certificate has expired/i, text: 'renew the certificate of the service, or set the clock of this machine' },
  {
    about: /does not match certificate's altnames/i,
    text: 'the certificate is for another host: check the endpoint, or try --addressing path',
  },
  {
    about: /^ended by SIGHUP\b/,
    text: 'to outlive the terminal start it with setsid: nohup has no effect on programs of Node.js',
  },
  {
    about: /\bInvalid signing region\b/,
    text: 'the region is not that of the endpoint: check --region or OSS_REGION',
  },
]

/** Returns advice about the error, one sentence each. */
export function adviceFor(message: string): string[] {
  return ADVICE.filter(({ about }) => about.test(message)).map(({ text }) => text)
}

/** Returns the lines below the message: advice, what the service's support asks for, and uploads that were not aborted. */
export function factsOf(error: unknown, target: string | undefined): string[] {
  if (!(error instanceof Error)) return []
  const facts = [...(error instanceof Failure ? error.details : []), ...adviceFor(error.message)]
  const { requestId, ec, key, uploadId, cleanupError, unknownUploads } = error as Partial<UploadError>
  // The key of a file below a target that ends with / is longer than that of the target.
  const [bucket] = /^\w+:\/\/[^/]*/.exec(target ?? '') ?? []
  const own = bucket === undefined ? key : `${bucket}/${key}`
  const address = key === undefined ? (target ?? 'TARGET') : own
  if (requestId !== undefined && !error.message.includes(requestId))
    facts.push(`request ID ${requestId}${ec === undefined ? '' : `, EC ${ec}`}`)
  if (cleanupError !== undefined && uploadId !== undefined) {
    facts.push(
      `upload ${uploadId} was not aborted (${messageOf(cleanupError)}): ossup abort ${address} --upload-id ${uploadId}`,
    )
  }
  if (unknownUploads !== undefined) {
    facts.push(`${unknownUploads} uploads may not have been aborted: ossup uploads ${address}`)
  }
  return facts
}

/** Returns all details for `--debug`, without the values in `secrets`. */
export function debugText(error: unknown, secrets: readonly string[]): string {
  const text = inspect(error, { depth: 6 })
  return secrets.filter((secret) => secret !== '').reduce((shown, secret) => shown.replaceAll(secret, '***'), text)
}
