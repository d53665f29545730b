/**
 * What can go wrong on purpose. A fault waits for a request that it matches, counts it, and when its turn has come does
 * its action to that one request: on the real socket, with the real work done or not done as the action says.
 */
import type { OperationName } from '../operations/operation.js'

/** Requests that a fault is about: they count when their headers are in, whoever signed them. What is absent matches everything. */
export interface FaultMatch {
  readonly operation?: OperationName
  readonly method?: string
  readonly key?: string
  readonly partNumber?: number
}

/** Something to go wrong: which requests it befalls, and what happens to them. */
export interface Fault {
  readonly match?: FaultMatch
  /** Matching requests that pass unharmed first; 0 by default. */
  readonly skip?: number
  /** Matching requests that are hit after that; 1 by default, `Infinity` for all. */
  readonly times?: number
  readonly action: FaultAction
}

/** What goes wrong with a request. */
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
  | PaddedAnswerFault
  | EmptyAnswerFault
  | RedirectFault
  | EndlessAnswerFault
  | ClockFault
  | CloseFault
  | RejectAfterContinueFault
  | DiskFullFault
  | GarbageFault

/** An error answer in the service's form: with status 200 it is the error in disguise. */
export interface ErrorFault {
  readonly type: 'error'
  readonly status: number
  /** Such as `InternalError`. */
  readonly code: string
  readonly message?: string
  readonly ec?: string
  /** Such as `{ 'Retry-After': '1' }`. */
  readonly headers?: Readonly<Record<string, string>>
  /** True does what was asked first and lies about it afterwards; false, the default, does nothing. */
  readonly commit?: boolean
}

/** Any answer at all. Headers may contradict the body: a wrong Content-Length is sent as it stands. */
export interface AnswerFault {
  readonly type: 'answer'
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Whether what was asked is done first; false by default. */
  readonly commit?: boolean
}

/** The connection is reset (TCP RST). */
export interface ResetFault {
  readonly type: 'reset'
  /**
   * `request`: when the headers are in, before the body is read. `body`: after `afterBytes` of it. `committed`: when
   * the work is done but not a byte of the answer sent. `answer`: in the middle of the answer. For a request without
   * a body, `body` means `request`.
   */
  readonly at: 'request' | 'body' | 'committed' | 'answer'
  /** Bytes of the request's or the answer's body that go through first; by default 0, or half of the answer. */
  readonly afterBytes?: number
}

/**
 * Nothing moves any more, until the client goes away, the faults are cleared or the emulator closes. A client that goes
 * away is not noticed before the bytes it sent have been read, by the nature of TCP: then the connection stays open.
 */
export interface StallFault {
  readonly type: 'stall'
  /**
   * `request`: the body is not read. `body`: no longer read after `afterBytes`. `uncommitted`: the body is read, nothing
   * done. `committed`: everything is done, no answer comes. `answer`: in the middle of the answer. For a request
   * without a body, `body` and `uncommitted` mean `request`.
   */
  readonly at: 'request' | 'body' | 'uncommitted' | 'committed' | 'answer'
  readonly afterBytes?: number
}

/** Bytes move, slowly. The client's system buffers some of what it sends, so `in` is felt by larger bodies only. */
export interface SlowFault {
  readonly type: 'slow'
  readonly direction: 'in' | 'out'
  readonly bytesPerSecond: number
}

/** The answer comes later. */
export interface DelayFault {
  readonly type: 'delay'
  readonly ms: number
  /** `request` (the default): before the body is read. `committed`: between the work and the answer. */
  readonly at?: 'request' | 'committed'
}

/** The work is done; the connection is closed in an orderly way in the middle of the answer. */
export interface TruncateFault {
  readonly type: 'truncate'
  /** Bytes of the body that are sent; half of it by default. An answer without a body ends within its headers. */
  readonly afterBytes?: number
}

/** The work is done; the answer's checksum, where it has one, in a header or in its document, is not the bytes'. */
export interface WrongChecksumFault {
  readonly type: 'wrong-checksum'
  /** The value sent; by default one that differs from the true one in its last bit. */
  readonly crc64?: string
}

/** The work is done; the answer's ETag is another. */
export interface WrongEtagFault {
  readonly type: 'wrong-etag'
  readonly etag?: string
}

/**
 * The document of the answer begins with white space, as S3 sends it while it puts many parts together: to hold the
 * connection. An answer without a document stays as it is.
 */
export interface PaddedAnswerFault {
  readonly type: 'padded'
  /** Characters; 100 by default. */
  readonly spaces?: number
  /** Between them and the answer itself; 0 by default. */
  readonly gapMs?: number
}

/** Status 200 with nothing in it. */
export interface EmptyAnswerFault {
  readonly type: 'empty'
  /** Whether what was asked is done first; true by default. */
  readonly commit?: boolean
}

/** A redirect to `location`; nothing is done. */
export interface RedirectFault {
  readonly type: 'redirect'
  readonly location: string
  /** 307 by default. */
  readonly status?: number
}

/** An answer that never ends, as fast as the client takes it; nothing is done. */
export interface EndlessAnswerFault {
  readonly type: 'endless'
  /** 200 by default. */
  readonly status?: number
}

/** The server's clock is off: dates are checked and sent by that clock. */
export interface ClockFault {
  readonly type: 'clock'
  /** Positive for a server that is ahead. */
  readonly offsetMs: number
  /** False for an answer without a Date header; true by default. */
  readonly sendsDate?: boolean
}

/** The keep-alive connection dies though no answer said so. */
export interface CloseFault {
  readonly type: 'close'
  /** `answered`: right after this answer. `reused`: it is reset when the next request arrives on it. */
  readonly when: 'answered' | 'reused'
}

/** `100 Continue`, and then the connection is closed without an answer. */
export interface RejectAfterContinueFault {
  readonly type: 'continue-then-close'
}

/** The first write to disk that the request leads to fails with ENOSPC. */
export interface DiskFullFault {
  readonly type: 'disk-full'
}

/** Bytes that are not HTTP, then the connection is closed; nothing is done. */
export interface GarbageFault {
  readonly type: 'garbage'
  readonly bytes?: string
}
