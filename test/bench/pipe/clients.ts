/** Who uploads a pipe, each as a process of its own. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { PROGRAM_OPTIONS, programOf } from '../../support/project.js'
import { BUCKET, CREDENTIALS, REGION, type Target } from '../contender.js'

export interface PipeClient {
  name: string
  /** What is known of it when its figures are read. */
  remark: string
  /** Whether it compares checksums, so that the receiver must compute them. */
  isVerified: boolean
  /** Whether all bytes must arrive at the receiver. */
  sends: boolean
  /** Whether it reads the producer on standard input; else it starts the producer. */
  readsInput: boolean
  /** Of this package: which of its ways to upload a pipe this is, and the commit, which is empty for this checkout. */
  job?: string
  revision?: string
  /** The words whose output is its version; it is skipped where they cannot be run. */
  version?: readonly string[]
  command: (target: PipeTarget, producer: readonly string[]) => readonly string[]
}

export interface PipeTarget extends Target {
  /** A file with the certificate to trust. */
  caFile: string | undefined
}

const node = (program: string, target: Target, ...args: readonly string[]): string[] => [
  process.execPath,
  ...PROGRAM_OPTIONS,
  programOf(`test/bench/pipe/${program}`),
  JSON.stringify(target),
  ...args,
]

/** By its path where that is usual: what a version manager puts before it costs a shell or two. */
const AWS = existsSync('/usr/bin/aws') ? '/usr/bin/aws' : 'aws'

/** The floors first, to the second of which all are compared. */
export const FLOORS: readonly PipeClient[] = [
  {
    name: 'floor, read alone',
    remark: 'reads the pipe and throws the bytes away',
    isVerified: false,
    sends: false,
    readsInput: true,
    command: (target) => node('read-floor.ts', target),
  },
  {
    name: 'floor, read and send',
    remark: 'the same loop, and undici sending buffers that are used again; neither signed nor verified',
    isVerified: false,
    sends: true,
    readsInput: true,
    command: (target) => node('send-floor.ts', target),
  },
]

/**
 * The command and the library of a checkout that is built: of this one, or of another by its folder. Each version says
 * itself where its command is.
 */
export function packageClients(folder: string, revision = ''): PipeClient[] {
  const label = revision === '' ? '' : ` of ${revision}`
  const { bin } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { bin: { ossup: string } }
  const shared = { remark: 'signed; every part and the whole object verified by CRC-64', isVerified: true, revision }
  const own = (how: string): Pick<PipeClient, 'sends' | 'readsInput' | 'job' | 'command'> => ({
    sends: true,
    readsInput: false,
    job: how,
    command: (target, producer) => node('own-producer.ts', target, folder, how, ...producer),
  })
  const clients: PipeClient[] = [
    {
      name: `ossup put${label}`,
      ...shared,
      sends: true,
      readsInput: true,
      job: 'put',
      command: ({ partSize, concurrency }) => [
        ...[process.execPath, path.join(folder, bin.ossup), 'put', `oss://${BUCKET}/object`, '--quiet'],
        ...['--part-size', String(partSize), '--concurrency', String(concurrency)],
      ],
    },
    { name: `uploadCommand${label}`, ...shared, ...own('command') },
    { name: `pipeline(child.stdout)${label}`, ...shared, ...own('pipeline') },
  ]
  // Older ones run no commands.
  return clients.filter(({ job }) => revision === '' || job !== 'command')
}

/** Returns the short name of the commit that a folder has checked out, or the name of the folder. */
export function revisionOf(folder: string): string {
  const command = ['-C', folder, 'rev-parse', '--short', 'HEAD']
  try {
    return execFileSync('git', command, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return path.basename(folder)
  }
}

export const FOREIGN_CLIENTS: readonly PipeClient[] = [
  {
    name: 'aws s3 cp -',
    remark: 'checks as its version does by default',
    isVerified: false,
    sends: true,
    readsInput: true,
    version: [AWS, '--version'],
    command: ({ endpoint, caFile }) => [
      ...[AWS, 's3', 'cp', '-', `s3://${BUCKET}/object`, '--endpoint-url', endpoint],
      ...(caFile === undefined ? [] : ['--ca-bundle', caFile]),
    ],
  },
  {
    name: 'rclone rcat',
    remark: 'MD5 of each part; compares the size afterwards',
    isVerified: false,
    sends: true,
    readsInput: true,
    version: ['rclone', 'version'],
    command: ({ endpoint, partSize, concurrency, caFile }) => [
      ...[
        'rclone',
        'rcat',
        '--size-only',
        '--ignore-checksum',
        '--s3-provider',
        'Other',
        '--s3-endpoint',
        endpoint,
        '--s3-region',
        REGION,
      ],
      ...['--s3-access-key-id', CREDENTIALS.accessKeyId, '--s3-secret-access-key', CREDENTIALS.accessKeySecret],
      ...['--s3-chunk-size', `${partSize}B`, '--s3-upload-concurrency', String(concurrency)],
      ...(caFile === undefined ? [] : ['--ca-cert', caFile]),
      `:s3:${BUCKET}/object`,
    ],
  },
  {
    name: 's3cmd put -',
    remark:
      'one part at a time; MD5 and SHA-256 of each, none of which is compared: the ETags of the receiver are no MD5',
    isVerified: false,
    sends: true,
    readsInput: true,
    version: ['s3cmd', '--version'],
    command: ({ endpoint, partSize, caFile }) => {
      const { host, protocol } = new URL(endpoint)
      return [
        ...['s3cmd', 'put', '-', `s3://${BUCKET}/object`, '--host', host, '--host-bucket', host, '--quiet'],
        ...['--access_key', CREDENTIALS.accessKeyId, '--secret_key', CREDENTIALS.accessKeySecret],
        ...['--region', REGION, '--multipart-chunk-size-mb', String(Math.ceil(partSize / 1024 ** 2))],
        ...(protocol === 'https:' ? ['--ssl'] : ['--no-ssl']),
        ...(caFile === undefined ? [] : ['--ca-certs', caFile]),
      ]
    },
  },
]

/** The environment of every client: credentials, and nothing of the user's that would change what it does. */
export function environmentFor({ endpoint, caFile }: PipeTarget): NodeJS.ProcessEnv {
  const { accessKeyId, accessKeySecret } = CREDENTIALS
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    NODE_NO_WARNINGS: '1',
    OSS_ACCESS_KEY_ID: accessKeyId,
    OSS_ACCESS_KEY_SECRET: accessKeySecret,
    OSS_REGION: 'cn-hangzhou',
    OSS_ENDPOINT: endpoint,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: accessKeySecret,
    AWS_DEFAULT_REGION: REGION,
    RCLONE_CONFIG: '/dev/null',
    // Node.js leaves out what is undefined.
    NODE_V8_COVERAGE: undefined,
    AWS_CA_BUNDLE: undefined,
    AWS_PROFILE: undefined,
  }
  if (caFile !== undefined) env['NODE_EXTRA_CA_CERTS'] = caFile
  return env
}

/** Returns the first line of what a client says of its version, or undefined where it is not installed. */
export function versionOf([command = '', ...args]: readonly string[]): string | undefined {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')[0]
  } catch {
    return undefined
  }
}
