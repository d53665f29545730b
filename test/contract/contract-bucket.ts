import type { CredentialsOption, Dispatcher, ObjectStore, Provider, UploadErrorCode } from '../../src/index.js'

/** A bucket that the suite may fill, at a service that is running. */
export interface ContractBucket {
  readonly provider: Provider
  /** Bytes of the smallest part that may have others after it. */
  readonly minPartSize: number
  /** What the service does that others do not. */
  readonly traits: ContractTraits
  /** Retries without waiting long. */
  open(options?: ContractStoreOptions): ObjectStore
  /** Ends the service if it was started for the suite. */
  close(): Promise<void>
}

export interface ContractStoreOptions {
  bucket?: string
  credentials?: CredentialsOption
  dispatcher?: Dispatcher
}

/** Where services differ: each difference is asserted, none is passed over. */
export interface ContractTraits {
  /** By which checksum an object that was put, or put together, is known to be whole. */
  readonly checksums: { readonly put: string; readonly multipart: string }
  /** Whether `forbidOverwrite` is there. */
  readonly keepsObjects: boolean
  /** Whether an object may be encrypted with a customer key. */
  readonly customerKeys: boolean
  /** What a Complete is answered with whose part numbers have gaps. AWS refuses them where parts have checksums. */
  readonly gaps: 'taken' | 'refused'
  /** What becomes of parts that Complete does not list. */
  readonly unlistedParts: 'dropped' | 'refused'
  /** What becomes of the tags of an object that is made of parts. */
  readonly tagsOfParts: 'kept' | 'dropped'
  /** Whether uploads that a delimiter groups are returned as common prefixes, or left out. */
  readonly groupedUploads: 'returned' | 'left out'
  /** What a second Complete of the same upload is answered with. */
  readonly secondComplete: 'refused' | 'repeated'
  /** What a Complete of an upload that was given up is answered with. */
  readonly completeOfNothing: UploadErrorCode
}

/** What nearly all services do. */
export const USUAL_TRAITS: ContractTraits = {
  checksums: { put: 'md5', multipart: 'md5' },
  keepsObjects: true,
  customerKeys: true,
  gaps: 'taken',
  unlistedParts: 'dropped',
  tagsOfParts: 'kept',
  groupedUploads: 'returned',
  secondComplete: 'refused',
  completeOfNothing: 'NO_SUCH_UPLOAD',
}
