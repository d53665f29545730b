/** Options of commands that use a store: address, credentials, retries. */
import { CREDENTIAL_SOURCES } from '../credential-sources.js'
import { grouped, type OptionSpec } from './option-spec.js'

const SERVICE = grouped('Service', [
  { name: 'endpoint', value: 'URL', help: 'the host of the service (default: by region)' },
  { name: 'region', value: 'ID', help: 'such as cn-hangzhou' },
  {
    name: 'addressing',
    value: 'STYLE',
    choices: ['virtual', 'path', 'cname'],
    help: 'the bucket in the host, in the path, or behind a domain of its own',
  },
  {
    name: 'network',
    value: 'NAME',
    choices: ['public', 'internal', 'accelerate', 'accelerate-overseas', 'dualstack', 'fips'],
    help: 'which hosts of the service',
  },
  {
    name: 'signature-version',
    value: 'N',
    choices: ['4', '1', 'obs', 'v2', 'v4'],
    help: 'of OSS (default 4) and OBS (default obs)',
  },
])

const CREDENTIALS = grouped('Credentials: from these options, else the environment, else the file', [
  { name: 'profile', value: 'NAME', help: 'a profile of ossutil 2, or of ~/.aws for s3://' },
  { name: 'config', value: 'FILE', help: 'of ossutil, for oss:// (default: ~/.ossutilconfig)' },
  {
    name: 'credentials',
    value: 'SOURCE',
    choices: CREDENTIAL_SOURCES,
    help: "the role of the machine, of a service account, or what the cloud's own package finds",
  },
])

const RETRIES = grouped('Retries and time limits', [
  {
    name: 'retry-for',
    value: 'TIME',
    help: 'how long to wait for a service that is away; default: 15m, before an upload has started 30s',
  },
  { name: 'max-attempts', value: 'N', help: 'requests for one call at most, 1 to 100 (default: by time)' },
  { name: 'connect-timeout', value: 'TIME', help: 'to connect (default 10s)' },
  { name: 'response-timeout', value: 'TIME', help: 'until a response begins (default 60s)' },
  { name: 'stall-timeout', value: 'TIME', help: 'with no byte moving (default 30s)' },
])

export const STORE_OPTIONS: readonly OptionSpec[] = [...SERVICE, ...CREDENTIALS, ...RETRIES]

/** The option for a customer key. */
export const CUSTOMER_KEY = {
  name: 'sse-key-file',
  value: 'FILE',
  help: 'a key of your own (SSE-C, on OBS and S3): 32 bytes, or their Base64',
} as const
