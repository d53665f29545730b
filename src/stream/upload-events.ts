import { Transform, type TransformOptions, Writable, type WritableOptions } from 'node:stream'
import type { RetryNotice } from '../stores/store-driver.js'
import type { UploadProgress } from '../upload/progress.js'
import type { UploadedPart } from '../upload/upload.js'

/** The events of an upload beside those of every stream, with what their listeners get. */
export interface UploadEvents {
  /** The multipart upload was begun. Never for an object that fits in one part. */
  initiated: [uploadId: string]
  /** A part was acknowledged. */
  part: [part: UploadedPart]
  /** About four times a second while the upload lives, and at its end. */
  progress: [progress: UploadProgress]
  /** An attempt failed and another follows. */
  retry: [retry: RetryNotice]
}

type Listener<Event extends keyof UploadEvents> = (...values: UploadEvents[Event]) => void

/** A stream that knows its events by name. */
export interface UploadEmitter {
  on<Event extends keyof UploadEvents>(event: Event, listener: Listener<Event>): this
  once<Event extends keyof UploadEvents>(event: Event, listener: Listener<Event>): this
  off<Event extends keyof UploadEvents>(event: Event, listener: Listener<Event>): this
  addListener<Event extends keyof UploadEvents>(event: Event, listener: Listener<Event>): this
  removeListener<Event extends keyof UploadEvents>(event: Event, listener: Listener<Event>): this
}

// The classes of node:stream themselves, under a type that knows the events.
export const UploadWritable: new (options?: WritableOptions) => Writable & UploadEmitter = Writable
export const UploadPassThrough: new (options?: TransformOptions) => Transform & UploadEmitter = Transform
