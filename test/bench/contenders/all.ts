import type { Contender } from '../contender.js'
import { aliOssFile, aliOssStream } from './ali-oss.js'
import { awsLibStorage } from './aws-lib-storage.js'
import { esdkObs } from './esdk-obs.js'
import { floorRecycled } from './floor-recycled.js'
import { floor } from './floor.js'
import { minio } from './minio.js'
import { opendal } from './opendal.js'
import { ours } from './ours.js'

/** In the order in which they run and are listed: the floor first, to which all are compared. */
export const CONTENDERS: readonly Contender[] = [
  floor,
  floorRecycled,
  ours,
  aliOssStream,
  aliOssFile,
  esdkObs,
  opendal,
  awsLibStorage,
  minio,
]
