/** Who reads an object, each as a process of its own. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { PROGRAM_OPTIONS, programOf, PROJECT } from '../../support/project.js'
import { BUCKET, CREDENTIALS, REGION, type Target } from '../contender.js'

export interface ReadTarget extends Target {
  /** Bytes of the object. */
  size: number
  /** For files. */
  folder: string
}

export interface ReadClient {
  name: string
  /** What is known of it when its figures are read. */
  remark: string
  /** The words whose output is its version; it is skipped where they cannot be run. */
  version?: readonly string[]
  /** Who reads its output. Default: it is thrown away by the system. */
  consumer?: string
  command: (target: ReadTarget) => readonly string[]
}

const AWS = existsSync('/usr/bin/aws') ? '/usr/bin/aws' : 'aws'
const OSSUP = path.join(PROJECT, 'dist/ossup.cjs')
/** `ossup` of an older version, to compare with. */
const OLD_OSSUP = process.env['OLD_OSSUP'] || undefined

const reader = (how: string) => (target: ReadTarget) => [
  ...[process.execPath, ...PROGRAM_OPTIONS, programOf('test/bench/download/reader.ts')],
  ...[how, JSON.stringify(target)],
]

const ossup = ({ partSize, concurrency }: ReadTarget): string[] => [
  ...[process.execPath, OSSUP, 'get', `oss://${BUCKET}/object`, '--quiet'],
  ...['--part-size', String(partSize), '--concurrency', String(concurrency)],
]

const VERIFIED = 'signed; the whole verified by CRC-64'

/** The first is what all are compared to. */
export const READ_CLIENTS: readonly ReadClient[] = [
  { name: 'floor', remark: 'undici receives the same ranges and throws them away', command: reader('floor') },
  { name: 'floor, summed', remark: 'the same, each chunk copied once, and its CRC-64', command: reader('summed') },
  {
    name: 'floor | cat',
    remark: 'the same, each chunk written to the pipe as it comes, in no order',
    consumer: 'cat',
    command: reader('written'),
  },
  { name: 'views', remark: `${VERIFIED}; thrown away where it was received`, command: reader('views') },
  { name: 'createDownloadStream', remark: `${VERIFIED}; thrown away`, command: reader('stream') },
  { name: 'downloadFile', remark: `${VERIFIED}; written and synced`, command: reader('file') },
  { name: 'ossup get > /dev/null', remark: VERIFIED, command: ossup },
  { name: 'ossup get | cat', remark: VERIFIED, consumer: 'cat', command: ossup },
  { name: 'store.get', remark: 'one connection; signed; verified by CRC-64', command: reader('get') },
  ...(OLD_OSSUP === undefined
    ? []
    : [
        {
          name: 'old ossup get | cat',
          remark: 'an older version, one connection; verified by CRC-64',
          consumer: 'cat',
          command: () => [process.execPath, OLD_OSSUP, 'get', `oss://${BUCKET}/object`, '--quiet'],
        },
      ]),
  {
    name: 'aws s3 cp - | cat',
    remark: 'verifies nothing here',
    version: [AWS, '--version'],
    consumer: 'cat',
    command: ({ endpoint }) => [AWS, 's3', 'cp', `s3://${BUCKET}/object`, '-', '--endpoint-url', endpoint],
  },
  {
    name: 'rclone cat | cat',
    remark: 'one connection; verifies nothing',
    version: ['rclone', 'version'],
    consumer: 'cat',
    command: ({ endpoint }) => [
      ...['rclone', 'cat', '--s3-provider', 'Other', '--s3-endpoint', endpoint, '--s3-region', REGION],
      ...['--s3-access-key-id', CREDENTIALS.accessKeyId, '--s3-secret-access-key', CREDENTIALS.accessKeySecret],
      `:s3:${BUCKET}/object`,
    ],
  },
]
