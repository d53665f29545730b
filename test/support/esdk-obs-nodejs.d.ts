/** What the tests use of esdk-obs-nodejs 3.26, which ships no types. */
declare module 'esdk-obs-nodejs' {
  import type { Agent } from 'node:http'
  import type { Readable } from 'node:stream'

  interface Options {
    access_key_id: string
    secret_access_key: string
    server: string
    signature?: 'obs' | 'v2' | 'v4'
    region?: string
    http_agent?: Agent
  }

  interface Target {
    Bucket: string
    Key: string
  }

  interface Part {
    PartNumber: number | string
    ETag: string
    Size?: string
  }

  interface Result<Fields = object> {
    CommonMsg: { Status: number; Code: string; Message: string; RequestId: string }
    InterfaceResult: Fields
  }

  class ObsClient {
    constructor(options: Options)
    putObject(
      parameters: Target & {
        Body: string | Buffer | Readable
        Metadata?: Record<string, string>
        ContentType?: string
      },
    ): Promise<Result<{ ETag: string }>>
    getObject(
      parameters: Target & { SaveAsStream?: boolean },
    ): Promise<Result<{ Content: Readable; ETag: string; ContentType: string }>>
    getObjectMetadata(
      parameters: Target,
    ): Promise<Result<{ ETag: string; ContentLength: string; Metadata: Record<string, string> }>>
    deleteObject(parameters: Target): Promise<Result>
    listObjects(parameters: {
      Bucket: string
      EncodingType?: 'url'
    }): Promise<Result<{ Contents: { Key: string; Size: string; ETag: string }[] }>>
    listMultipartUploads(parameters: {
      Bucket: string
      EncodingType?: 'url'
    }): Promise<Result<{ Uploads: { Key: string; UploadId: string }[] }>>
    listParts(parameters: Target & { UploadId: string }): Promise<Result<{ Parts: Part[] }>>
    initiateMultipartUpload(parameters: Target): Promise<Result<{ UploadId: string }>>
    uploadPart(
      parameters: Target & { UploadId: string; PartNumber: number; Body?: string | Readable; SourceFile?: string },
    ): Promise<Result<{ ETag: string }>>
    completeMultipartUpload(parameters: Target & { UploadId: string; Parts: Part[] }): Promise<Result<{ ETag: string }>>
    abortMultipartUpload(parameters: Target & { UploadId: string }): Promise<Result>
    uploadFile(
      parameters: Target & {
        UploadFile: string
        PartSize?: number
        TaskNum?: number
        EnableCheckpoint?: boolean
        EnableCheckSum?: boolean
      },
    ): Promise<Result<{ ETag: string }>>
  }

  export default ObsClient
}
