/** Options of the commands that move an object: put and get. */
import { grouped, type OptionSpec } from './option-spec.js'
import { CUSTOMER_KEY } from './store.js'

const MEMORY = { name: 'max-memory', value: 'SIZE' } as const
const BANDWIDTH = { name: 'bandwidth-limit', value: 'SIZE', help: 'bytes a second at most, such as 20MiB' } as const

export const PUT_OPTIONS: readonly OptionSpec[] = [
  ...grouped('Object', [
    { name: 'content-type', value: 'TYPE', help: 'such as application/gzip' },
    { name: 'metadata', value: 'K=V', isRepeated: true, help: 'user metadata; may be repeated, as the next two' },
    { name: 'header', value: 'K=V', isRepeated: true, help: 'such as Cache-Control=no-cache' },
    { name: 'tag', value: 'K=V', isRepeated: true, help: 'a tag of the object' },
    {
      name: 'storage-class',
      value: 'NAME',
      choices: ['Standard', 'IA', 'Archive', 'ColdArchive', 'DeepColdArchive'],
      help: 'as the service names it; on OSS',
    },
    {
      name: 'acl',
      value: 'NAME',
      choices: ['private', 'public-read', 'public-read-write', 'default'],
      help: 'who may read and write',
    },
    {
      name: 'sse',
      value: 'NAME',
      choices: ['AES256', 'SM4', 'KMS', 'KMS:key-id'],
      help: 'encrypt at rest, by the names of the service; on OSS',
    },
    CUSTOMER_KEY,
    { name: 'forbid-overwrite', help: 'fail when the object exists' },
    { name: 'if-match', value: 'ETAG', help: 'S3: replace only the object with this ETag' },
  ]),
  ...grouped('Guards', [
    { name: 'accept-status', value: 'LIST', help: 'exit statuses that mean success, such as 0,1 of tar' },
    { name: 'idle-timeout', value: 'TIME', help: 'end a command that writes nothing for so long, such as 10m' },
    { name: 'allow-empty', help: 'store a stream of 0 bytes too' },
    { name: 'size', value: 'SIZE', help: 'store nothing that does not have exactly this size' },
    { name: 'min-size', value: 'SIZE', help: 'store nothing that is smaller' },
    {
      name: 'expect-tail',
      value: 'TEXT',
      isFreeText: true,
      help: 'store nothing without TEXT in its last 1024 bytes',
    },
    { name: 'sha256', value: 'FILE', help: 'store nothing whose SHA-256 is not the one in FILE' },
  ]),
  ...grouped('Transfer', [
    { name: 'part-size', value: 'SIZE', help: 'bytes of a part, such as 16MiB (default 8MiB)' },
    {
      name: 'part-growth',
      value: 'WHEN',
      choices: ['yes', 'no'],
      help: 'larger parts after the first 1,000; no for services that demand equal ones',
    },
    { name: 'concurrency', value: 'N', help: 'parts in flight, 1 to 100 (default 5)' },
    { name: 'expected-size', value: 'SIZE', help: 'of the stream: a bar, the time left, parts that fit' },
    BANDWIDTH,
    { ...MEMORY, help: 'of part buffers at most (default 256MiB)' },
    { name: 'checkpoint', value: 'FILE', help: 'record progress there: run again, it resumes' },
    {
      name: 'checksum',
      value: 'NAME',
      choices: ['crc64ecma', 'crc64nvme', 'crc32', 'md5'],
      help: 'checksum of the parts, for OBS and S3 (default: by the service)',
    },
  ]),
]

export const GET_OPTIONS: readonly OptionSpec[] = [
  ...grouped('Object', [
    {
      name: 'output',
      short: 'o',
      value: 'FILE',
      help: 'write FILE, and replace it only when all is verified; - is standard output, also where that is a terminal',
    },
    { name: 'newest', help: 'the newest object whose key begins with that of TARGET' },
    { name: 'version-id', value: 'ID', help: 'read this version of the object' },
    CUSTOMER_KEY,
    { name: 'verify-etag', help: 'compare an ETag of parts too (costs MD5)' },
  ]),
  ...grouped('Transfer', [
    { name: 'part-size', value: 'SIZE', help: 'bytes of a range, such as 16MiB (default 8MiB)' },
    { name: 'concurrency', value: 'N', help: 'ranges in flight, 1 to 100 (default 5)' },
    BANDWIDTH,
    { ...MEMORY, help: 'of range buffers at most (default 256MiB)' },
    { name: 'checkpoint', value: 'FILE', help: 'with -o: record progress, to resume when run again' },
  ]),
]
