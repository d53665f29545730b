import { CREDENTIAL_SOURCES } from './credential-sources.js'

/** Every option, once: what parses them and what explains them read the same lists. */
export interface OptionSpec {
  name: string
  short?: string
  /** What stands for its value in the help, `FILE` and `FOLDER` for paths; absent for a flag. */
  value?: string
  /** Usual values, for people who ask for them: which ones are accepted, the service says. */
  choices?: readonly string[]
  /** May be given more than once. */
  isRepeated?: boolean
  /** Its value is any text, also one that begins with a dash. */
  isFreeText?: boolean
  help: string
}

/** Of every command. */
export const GENERAL_OPTIONS: readonly OptionSpec[] = [
  { name: 'quiet', short: 'q', help: 'say nothing but errors' },
  { name: 'debug', help: 'show a stack trace with an error, without secrets' },
  { name: 'help', short: 'h', help: 'explain the command' },
]

export const JSON_OPTION: OptionSpec = { name: 'json', help: 'one JSON document a line' }

/** Of commands that talk to a store. */
export const STORE_OPTIONS: readonly OptionSpec[] = [
  { name: 'endpoint', value: 'URL', help: 'the host of the service (default: by region)' },
  { name: 'region', value: 'ID', help: 'such as cn-hangzhou' },
  { name: 'addressing', value: 'STYLE', choices: ['virtual', 'path', 'cname'], help: 'where the bucket stands' },
  {
    name: 'network',
    value: 'NAME',
    choices: ['public', 'internal', 'accelerate', 'accelerate-overseas', 'dualstack', 'fips'],
    help: 'which hosts of the service',
  },
  { name: 'retry-for', value: 'TIME', help: 'wait so long for a service that is away, such as 15m (the default)' },
  { name: 'config', value: 'FILE', help: 'of ossutil, for oss:// (default: ~/.ossutilconfig)' },
  { name: 'profile', value: 'NAME', help: 'of the file of ossutil 2, or of ~/.aws for s3://' },
  {
    name: 'credentials',
    value: 'SOURCE',
    choices: CREDENTIAL_SOURCES,
    help: 'of a role',
  },
]

export const PUT_OPTIONS: readonly OptionSpec[] = [
  { name: 'part-size', value: 'SIZE', help: 'bytes of a part, such as 16MiB (default 8MiB)' },
  { name: 'concurrency', value: 'N', help: 'parts in flight, 1 to 100 (default 5)' },
  { name: 'expected-size', value: 'SIZE', help: 'of the stream: a bar, the time left, parts that fit' },
  { name: 'bandwidth-limit', value: 'SIZE', help: 'bytes a second at most, such as 20MiB' },
  { name: 'max-memory', value: 'SIZE', help: 'of part buffers at most (default 256MiB)' },
  { name: 'checkpoint', value: 'FILE', help: 'record progress there: run again, it goes on' },
  { name: 'accept-status', value: 'LIST', help: 'exit statuses that mean success, such as 0,1 of tar' },
  { name: 'idle-timeout', value: 'TIME', help: 'end a command that is silent for so long, as 10m' },
  { name: 'allow-empty', help: 'store a stream of 0 bytes too' },
  { name: 'min-size', value: 'SIZE', help: 'store nothing that is smaller' },
  {
    name: 'expect-tail',
    value: 'TEXT',
    isFreeText: true,
    help: 'store nothing without TEXT in its last 1024 bytes',
  },
  { name: 'sha256', value: 'FILE', help: 'store nothing whose SHA-256 is not the one in FILE' },
  { name: 'content-type', value: 'TYPE', help: 'such as application/gzip' },
  { name: 'metadata', value: 'K=V', isRepeated: true, help: 'user metadata; may be repeated, as the next two' },
  { name: 'header', value: 'K=V', isRepeated: true, help: 'such as Cache-Control=no-cache' },
  { name: 'tag', value: 'K=V', isRepeated: true, help: 'a tag of the object' },
  {
    name: 'storage-class',
    value: 'NAME',
    choices: ['Standard', 'IA', 'Archive', 'ColdArchive', 'DeepColdArchive'],
    help: '',
  },
  { name: 'acl', value: 'NAME', choices: ['private', 'public-read', 'public-read-write', 'default'], help: '' },
  { name: 'sse', value: 'NAME', choices: ['AES256', 'SM4', 'KMS'], help: 'encrypt at rest, or KMS:key-id' },
  { name: 'forbid-overwrite', help: 'fail when the object exists' },
  { name: 'if-match', value: 'ETAG', help: 'S3: replace only the object with this ETag' },
]

export const GET_OPTIONS: readonly OptionSpec[] = [
  { name: 'output', short: 'o', value: 'FILE', help: 'write FILE, and replace it only when all is verified' },
  { name: 'part-size', value: 'SIZE', help: 'bytes of a range, such as 16MiB (default 8MiB)' },
  { name: 'concurrency', value: 'N', help: 'ranges in flight, 1 to 100 (default 5)' },
  { name: 'bandwidth-limit', value: 'SIZE', help: 'bytes a second at most, such as 20MiB' },
  { name: 'checkpoint', value: 'FILE', help: 'with -o: record progress, to resume when run again' },
  { name: 'version-id', value: 'ID', help: 'read this version of the object' },
  { name: 'verify-etag', help: 'compare an ETag of parts too (costs MD5)' },
]

/** What the help says of it. */
export function helpOf({ help, choices = [] }: OptionSpec): string {
  return [help, choices.join(', ')].filter((text) => text !== '').join(': ')
}
