/** What the tests use of ali-oss 6.23, which ships no types. */
declare module 'ali-oss' {
  import type { IncomingHttpHeaders } from 'node:http'
  import type { Readable } from 'node:stream'

  namespace OSS {
    interface Options {
      region?: string
      endpoint?: string
      bucket?: string
      accessKeyId: string
      accessKeySecret: string
      stsToken?: string
      refreshSTSToken?: () => Promise<{ accessKeyId: string; accessKeySecret: string; stsToken: string }>
      authorizationV4?: boolean
      sldEnable?: boolean
      cname?: boolean
      secure?: boolean
      timeout?: number
      headerEncoding?: string
    }

    interface Result {
      res: { status: number; headers: IncomingHttpHeaders }
    }

    interface Callback {
      url: string
      body: string
      contentType?: string
      customValue?: Record<string, string>
    }

    interface PutOptions {
      mime?: string
      meta?: Record<string, string>
      headers?: Record<string, string>
      callback?: Callback
      contentLength?: number
    }

    interface MultipartOptions extends PutOptions {
      partSize?: number
      parallel?: number
      progress?: (fraction: number, checkpoint?: Checkpoint) => void
      checkpoint?: Checkpoint
    }

    interface Checkpoint {
      uploadId: string
      name: string
      partSize: number
      doneParts: { number: number; etag: string }[]
    }

    interface ListedPart {
      PartNumber: string
      ETag: string
      Size: string
      HashCrc64ecma: string
    }

    interface ListedUpload {
      name: string
      uploadId: string
      initiated: string
    }

    interface ListedObject {
      name: string
      size: number
      etag: string
      type: string
    }
  }

  class OSS {
    constructor(options: OSS.Options)
    useBucket(bucket: string): void
    put(
      name: string,
      file: Buffer | string | Readable,
      options?: OSS.PutOptions,
    ): Promise<OSS.Result & { name: string; data?: unknown }>
    putStream(name: string, stream: Readable, options?: OSS.PutOptions): Promise<OSS.Result & { name: string }>
    putACL(name: string, acl: string): Promise<OSS.Result>
    get(name: string, options?: { headers?: Record<string, string> }): Promise<OSS.Result & { content: Buffer }>
    getStream(name: string): Promise<OSS.Result & { stream: Readable }>
    head(name: string): Promise<OSS.Result & { meta: Record<string, string> | null }>
    delete(name: string): Promise<OSS.Result>
    getACL(name: string): Promise<OSS.Result & { acl: string }>
    getObjectTagging(name: string): Promise<OSS.Result & { tag: Record<string, string> }>
    list(query: Record<string, string | number>): Promise<
      OSS.Result & {
        objects: OSS.ListedObject[]
        prefixes: string[] | null
        nextMarker: string | null
        isTruncated: boolean
      }
    >
    listV2(
      query: Record<string, string | number>,
    ): Promise<OSS.Result & { objects: OSS.ListedObject[]; nextContinuationToken: string | null; keyCount: number }>
    multipartUpload(
      name: string,
      file: Buffer | string,
      options?: OSS.MultipartOptions,
    ): Promise<OSS.Result & { etag: string; data?: unknown }>
    initMultipartUpload(name: string, options?: OSS.PutOptions): Promise<OSS.Result & { uploadId: string }>
    uploadPart(
      name: string,
      uploadId: string,
      partNumber: number,
      file: Buffer,
      start: number,
      end: number,
    ): Promise<OSS.Result & { etag: string }>
    completeMultipartUpload(
      name: string,
      uploadId: string,
      parts: { number: number; etag: string }[],
      options?: OSS.PutOptions,
    ): Promise<OSS.Result & { etag: string; data?: unknown }>
    abortMultipartUpload(name: string, uploadId: string): Promise<OSS.Result>
    listParts(
      name: string,
      uploadId: string,
      query?: Record<string, string | number>,
    ): Promise<OSS.Result & { parts: OSS.ListedPart[]; isTruncated: string; nextPartNumberMarker: string }>
    listUploads(query: Record<string, string | number>): Promise<
      OSS.Result & {
        uploads: OSS.ListedUpload[]
        isTruncated: boolean
        nextKeyMarker: string
        nextUploadIdMarker: string
      }
    >
    asyncSignatureUrl(name: string, options?: { method?: string; expires?: number }): Promise<string>
    signatureUrlV4(method: string, expires: number, request: object | undefined, name: string): Promise<string>
  }

  export default OSS
}
