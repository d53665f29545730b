/**
 * Faults to inject. A fault counts the requests that match it, and applies its action to those that `skip` and `times`
 * select: on the real socket, and with or without executing the operation, depending on the action.
 */
import type { OperationName } from '../operations/operation.js'

/**
 * Requests that a fault matches. They count when their headers are received, even if their signature is invalid. Absent
 * members match all.
 */
export interface FaultMatch {
  readonly operation?: OperationName
  readonly method?: string
  readonly key?: string
  readonly partNumber?: number
  /** First byte of the requested range, such as 0 for `Range: bytes=0-99`. */
  readonly rangeStart?: number
}

/** A fault: which requests it applies to, and what happens to them. */
export interface Fault {
  readonly match?: FaultMatch
  /** Number of matching requests to skip first. Default 0. */
  readonly skip?: number
  /** Number of matching requests to apply to after that. Default 1; `Infinity` for all. */
  readonly times?: number
  readonly action: FaultAction
}

/** What happens to a request. */
export type FaultAction =
  | ErrorFault
  | AnswerFault
  | ResetFault
  | StallFault
  | SlowFault
  | DelayFault
  | TruncateFault
  | WrongChecksumFault
  | WrongEtagFault
  | StatusFault
  | PaddedAnswerFault
  | EmptyAnswerFault
  | RedirectFault
  | EndlessAnswerFault
  | ClockFault
  | CloseFault
  | RejectAfterContinueFault
  | DiskFullFault
  | GarbageFault

/** An error response in the format of the service. With status 200 it is an error that looks like a success. */
export interface ErrorFault {
  readonly type: 'error'
  readonly status: number
  /** Such as `InternalError`. */
  readonly code: string
  readonly message?: string
  readonly ec?: string
  /** Such as `{ 'Retry-After': '1' }`. */
  readonly headers?: Readonly<Record<string, string>>
  /** Whether the operation is carried out before the error is returned. Default false. */
  readonly commit?: boolean
}

/** Any response. Headers may contradict the body: a wrong Content-Length is sent unchanged. */
export interface AnswerFault {
  readonly type: 'answer'
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Whether the operation is carried out first. Default false. */
  readonly commit?: boolean
}

/** The connection is reset (TCP RST). */
export interface ResetFault {
  readonly type: 'reset'
  /**
   * `request`: after the headers, before the body is read. `body`: after `afterBytes` of the body. `committed`: when the
   * operation is carried out, before the response is sent. `answer`: in the middle of the response. For a request without a
   * body, `body` means `request`.
   */
  readonly at: 'request' | 'body' | 'committed' | 'answer'
  /** Bytes of the body of the request or response that pass first. Default: 0 of the request, half of the response. */
  readonly afterBytes?: number
}

/**
 * Nothing moves until the client disconnects, the faults are cleared or the server closes. With TCP, a disconnect is only
 * noticed after all sent bytes have been read; until then the connection stays open.
 */
export interface StallFault {
  readonly type: 'stall'
  /**
   * `request`: the body is not read. `body`: reading stops after `afterBytes`. `uncommitted`: the body is read, but the
   * operation not carried out. `committed`: the operation is carried out, but no response sent. `answer`: in the middle of
   * the response. For a request without a body, `body` and `uncommitted` mean `request`.
   */
  readonly at: 'request' | 'body' | 'uncommitted' | 'committed' | 'answer'
  readonly afterBytes?: number
}

/** Bytes move slowly. The system of the client buffers some sent bytes, so `in` only affects larger bodies. */
export interface SlowFault {
  readonly type: 'slow'
  readonly direction: 'in' | 'out'
  readonly bytesPerSecond: number
}

/** The response is delayed. */
export interface DelayFault {
  readonly type: 'delay'
  readonly ms: number
  /** `request` (the default): before the body is read. `committed`: between the operation and the response. */
  readonly at?: 'request' | 'committed'
}

/** The operation is carried out; the connection is closed regularly (FIN) in the middle of the response. */
export interface TruncateFault {
  readonly type: 'truncate'
  /** Bytes of the body that are sent. Default: half of it. A response without a body ends within its headers. */
  readonly afterBytes?: number
}

/** The operation is carried out; the checksum in the response, if there is one, is not that of the bytes. */
export interface WrongChecksumFault {
  readonly type: 'wrong-checksum'
  /** The value sent. Default: the right one with its last bit changed. */
  readonly crc64?: string
}

/** The operation is carried out; the status code of the response is another. */
export interface StatusFault {
  readonly type: 'status'
  readonly status: number
}

/** The operation is carried out; the ETag in the response is another. */
export interface WrongEtagFault {
  readonly type: 'wrong-etag'
  readonly etag?: string
}

/**
 * The document of the response starts with white space, which S3 sends to keep the connection open while it combines many
 * parts. A response without a document is unchanged.
 */
export interface PaddedAnswerFault {
  readonly type: 'padded'
  /** Number of characters. Default 100. */
  readonly spaces?: number
  /** Milliseconds after the white space. Default 0. */
  readonly gapMs?: number
  /** How often the white space and the gap come before the document. Default 1. */
  readonly times?: number
}

/** Status 200 with an empty body. */
export interface EmptyAnswerFault {
  readonly type: 'empty'
  /** Whether the operation is carried out first. Default true. */
  readonly commit?: boolean
}

/** A redirect to `location`. The operation is not carried out. */
export interface RedirectFault {
  readonly type: 'redirect'
  readonly location: string
  /** Default 307. */
  readonly status?: number
}

/** A response without end, as fast as the client reads it. The operation is not carried out. */
export interface EndlessAnswerFault {
  readonly type: 'endless'
  /** Default 200. */
  readonly status?: number
}

/** The clock of the server is wrong: it checks and sends dates by that clock. */
export interface ClockFault {
  readonly type: 'clock'
  /** Positive if the server is ahead. */
  readonly offsetMs: number
  /** Whether the response has a Date header. Default true. */
  readonly sendsDate?: boolean
}

/** The keep-alive connection is closed although no response announced it. */
export interface CloseFault {
  readonly type: 'close'
  /** `answered`: right after this response. `reused`: it is reset when the next request arrives on it. */
  readonly when: 'answered' | 'reused'
}

/** `100 Continue`, then the connection is closed without a response. */
export interface RejectAfterContinueFault {
  readonly type: 'continue-then-close'
}

/** The first write to disk of the request fails with ENOSPC. */
export interface DiskFullFault {
  readonly type: 'disk-full'
}

/** Bytes that are not HTTP, then the connection is closed. The operation is not carried out. */
export interface GarbageFault {
  readonly type: 'garbage'
  readonly bytes?: string
}
