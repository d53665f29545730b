import type { Target, UploadKind } from './contender.js'

/** What a contender's process is to do. */
export interface Job extends Target {
  contender: string
  kind: UploadKind
  /** Bytes of each object. */
  size: number
  objects: number
  /** Objects uploaded at the same time. */
  inFlight: number
  /** What to upload before anything is measured, for the compilers. */
  warmUp: { size: number; objects: number }
  /** A file of `size` bytes, for those that want one. */
  file: string
}

export const NO_WARM_UP: Job['warmUp'] = { size: 0, objects: 0 }

/** What a job cost the process that did it: all its threads, from the first byte until the object was stored. */
export interface Cost {
  userSeconds: number
  systemSeconds: number
  wallSeconds: number
  /** Bytes held when the job began, with everything loaded. */
  ownRss: number
  /** Bytes held at most, at any time. */
  peakRss: number
  /** CPU time of the receiver meanwhile; undefined where it does not tell. */
  receiverSeconds?: number | undefined
}

export function cpuSeconds({ userSeconds, systemSeconds }: Cost): number {
  return userSeconds + systemSeconds
}
