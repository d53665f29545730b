/** The functions that execute the operations. */
import { Refusal } from '../refusal.js'
import { completeMultipartUpload } from './multipart/complete-multipart-upload.js'
import { getObject } from './get-object.js'
import { listMultipartUploads, listParts } from './multipart/list-multipart.js'
import { listObjects } from './list-objects.js'
import { abortMultipartUpload, initiateMultipartUpload, uploadPart } from './multipart/multipart-upload.js'
import { copyObject } from './copy-object.js'
import { deleteObject, deleteObjects } from './delete-object.js'
import { getBucketQuota, listBuckets } from './bucket-documents.js'
import { getObjectAcl, getObjectTagging, putObjectAcl } from './object-documents.js'
import type { Operation, OperationName } from './operation.js'
import { putObject } from './put-object.js'
import { xmlAnswer } from './xml-answer.js'

export const operations: Readonly<Record<OperationName, Operation>> = {
  ListBuckets: listBuckets,
  // Buckets are created when they are first used.
  PutBucket: ({ storage, bucket }) => {
    storage.objects.addBucket(bucket)
    return { status: 200, headers: {} }
  },
  HeadBucket: ({ dialect, region }) => ({ status: 200, headers: dialect.bucketHeaders(region) }),
  HeadApiVersion: () => ({ status: 200, headers: { 'x-obs-api': '3.0' } }),
  GetBucketLocation: (context) => xmlAnswer(context, context.dialect.locationDocument(context.region)),
  GetBucketQuota: getBucketQuota,
  ListObjects: listObjects,
  ListMultipartUploads: listMultipartUploads,
  PutObject: putObject,
  CopyObject: copyObject,
  GetObject: getObject,
  HeadObject: getObject,
  DeleteObject: deleteObject,
  DeleteObjects: deleteObjects,
  GetObjectAcl: getObjectAcl,
  PutObjectAcl: putObjectAcl,
  GetObjectTagging: getObjectTagging,
  InitiateMultipartUpload: initiateMultipartUpload,
  UploadPart: uploadPart,
  CompleteMultipartUpload: completeMultipartUpload,
  AbortMultipartUpload: abortMultipartUpload,
  ListParts: listParts,
  NotImplemented: () => {
    throw new Refusal('not-implemented')
  },
  MethodNotAllowed: () => {
    throw new Refusal('method-not-allowed')
  },
}
