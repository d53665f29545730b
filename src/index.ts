export {
  createDownloadStream,
  type CreateDownloadOptions,
  createUploadStream,
  createUploadTransform,
  type CreateUploadOptions,
} from './api/create-upload.js'
export type { CallOptions } from './api/call-options.js'
export type {
  ListObjectPagesOptions,
  ListObjectsOptions,
  ListPartsOptions,
  ListUploadPagesOptions,
  ListUploadsOptions,
  ObjectsPageMarker,
  UploadsMarker,
} from './api/list-options.js'
export type { ObjectsPage, PartsPage, UploadsPage } from './api/listings.js'
export type { CompleteOptions, UploadPartOptions } from './api/parts/low-level-multipart.js'
export {
  type GetOptions,
  type HeadOptions,
  type ObjectContent,
  type ObjectInfo,
  ObjectStore,
} from './api/object-store.js'
export { openStore } from './api/open-store.js'
export type { FileRange, PartBody } from './api/bodies/part-source.js'
export type { PartRange, PlanPartsOptions } from './api/parts/plan-parts.js'
export type { PresignOptions } from './api/presign.js'
export { combineCrc64, createCrc64, type GivenPart, type SentPart } from './api/parts/sent-parts.js'
export type { AbortStaleUploadsOptions, StaleUploads } from './api/stale-uploads.js'
export type {
  CommonStoreOptions,
  ObsStoreOptions,
  OssStoreOptions,
  S3StoreOptions,
  StoreOptions,
} from './api/store-options.js'
export type { UploadBody } from './api/bodies/upload-body.js'
export type { CommandUploadOptions } from './api/upload-command.js'
export type { Checksum, RunningChecksum } from './checksum/checksum.js'
export type { ChecksumAlgorithm } from './shared/checksum-names.js'
export type {
  AwsCredentials,
  CredentialClient,
  CredentialsOption,
  ExpiringCredentials,
} from './credentials/credentials-source.js'
export type { DownloadOptions, ReadingOptions } from './download/download-options.js'
export type { DownloadProgress } from './download/download-progress.js'
export type {
  DownloadRestart,
  DownloadRestartReason,
  FileDownloadOptions,
  ResumedDownload,
} from './download/file/file-download-options.js'
export type { DownloadResult } from './download/download-result.js'
export type { VerifiedBy } from './download/verification.js'
export type { ProxyOption } from './http/proxy.js'
export type { Dispatcher, TimeoutOptions } from './http/transport.js'
export type { RetryOptions } from './shared/backoff.js'
export type { Credentials } from './shared/credentials.js'
export type { Provider } from './shared/provider.js'
export { UploadError, type UploadErrorCode, type UploadErrorDetails } from './shared/errors.js'
export type { CommandOptions } from './source/command-options.js'
export type { DescriptorBody } from './source/descriptor.js'
export type { RequestTrace } from './stores/request/request-trace.js'
export type { Callback, ObjectOptions, ServerSideEncryption } from './stores/object/object-options.js'
export type {
  AwayNotice,
  BackNotice,
  ByteRange,
  CompletedPart,
  ListedObject,
  ListedPart,
  ListedUpload,
  ObjectHead,
  RetryNotice,
  StoredObject,
  ToldEncryption,
  UploadAddress,
} from './stores/store-driver.js'
export type { DownloadEvents, DownloadListener } from './stream/download-events.js'
export { DownloadStream } from './stream/download-stream.js'
export type { StreamEvents } from './stream/stream-events.js'
export type { UploadEvents, UploadListener } from './stream/upload-events.js'
export type { UploadHandle } from './stream/upload-handle.js'
export { UploadStream } from './stream/upload-stream.js'
export { UploadTransform } from './stream/upload-transform.js'
export type { FileUploadOptions } from './upload/file/file-upload-options.js'
export type { FileCheckpointOption } from './upload/checkpoint/file/file-checkpoint.js'
export type { CheckpointStore } from './checkpoint/checkpoint-store.js'
export type { AliOssCheckpoint } from './upload/checkpoint/ali-oss-checkpoint.js'
export type { CheckpointNotice } from './upload/checkpoint/checkpoint-writer.js'
export type { RestartNotice, RestartReason } from './upload/checkpoint/restart.js'
export type { Inspector } from './upload/inspection.js'
export type { UploadProgress } from './upload/progress.js'
export type { ResumedUpload, UploadedPart } from './upload/upload-observer.js'
export type { UploadCallbacks } from './upload/upload-callbacks.js'
export type { UploadOptions } from './upload/upload-options.js'
export type { UploadResult } from './upload/upload-result.js'
export type { UploadTrace } from './upload/upload-trace.js'
