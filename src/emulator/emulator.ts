import { randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Credentials } from '../shared/credentials.js'
import { type Provider, PROVIDER_NAMES } from '../shared/provider.js'
import { lookupOf, type CredentialLookup } from './authority.js'
import { dialectFinder } from './dialects/dialects.js'
import type { Fault } from './faults/fault.js'
import { FaultPlan, type PendingFault } from './faults/fault-plan.js'
import type { Limits } from './limits.js'
import { RequestLog, type RequestRecord } from './request-log.js'
import { EmulatorServer } from './server.js'
import { openStorage } from './storage/storage.js'

export interface EmulatorOptions {
  /**
   * Folder for the objects. A folder that you name is kept with its objects, also after a restart; it must be
   * empty or a folder of the emulator. Default: a new temporary folder, which `close()` removes.
   */
  readonly directory?: string
  /** Port to listen on. Default 0: a free port. */
  readonly port?: number
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string
  /**
   * Credentials that are accepted: one pair, or a function that is called with each request, so that keys can be added,
   * removed and expire. Default: a new random pair.
   */
  readonly credentials?: Credentials | CredentialLookup
  /** Region ID that requests must be signed for, the same for all services. Default `cn-hangzhou`. */
  readonly region?: string
  /**
   * Services to embed. The signature of a request decides which service handles it; an unsigned request goes to the first
   * one. Default: all.
   */
  readonly providers?: readonly Provider[]
  /**
   * Whether OBS verifies and returns CRC-64, as newer clusters do. Older clusters ignore it. Default true.
   */
  readonly obsChecksums?: boolean
  /**
   * Default encryption of the OBS buckets: `AES256` or `kms`. The ETag of an encrypted object is not its MD5. Responses
   * contain the encryption, unless `isTold` is false. Default: none.
   */
  readonly obsEncryption?: { readonly algorithm: 'AES256' | 'kms'; readonly isTold?: boolean }
  /** Initial faults. More can be injected later with `faults.inject()`. */
  readonly faults?: readonly Fault[]
  /** Clock of the server. Default: the system clock. */
  readonly now?: () => Date
  /** Replaces limits of the services, such as the smallest part, to make tests fast. */
  readonly limits?: Partial<Limits>
  /** Existing buckets. Requests to other buckets fail with `NoSuchBucket`. Default: any bucket exists. */
  readonly buckets?: readonly string[]
  /** Whether requests must be sent with `requestPayer`. Default false. */
  readonly requesterPays?: boolean
  /** Account that owns all buckets; requests with another `expectedBucketOwner` are refused. Default: none are refused. */
  readonly bucketOwner?: string
  /** Custom domains (CNAME): host name to bucket. */
  readonly domains?: Readonly<Record<string, string>>
  /** Number of requests that `requests` keeps. Default 1,000. */
  readonly requestLogSize?: number
}

/** A running emulator. */
export interface Emulator extends AsyncDisposable {
  /** URL of the server, such as `http://127.0.0.1:41235`. */
  readonly endpoint: string
  /** Region that requests must be signed for. */
  readonly region: string
  /** Credentials to sign with. If the option is a function, they are only accepted if the function returns them. */
  readonly credentials: Credentials
  /** Folder of the objects. */
  readonly directory: string
  /** Faults that are injected into requests. */
  readonly faults: {
    /** Adds a fault. */
    inject(fault: Fault): void
    /** Removes all pending faults, and closes the connections of stalled requests. */
    clear(): void
    /** Returns the pending faults with their remaining counts. */
    pending(): PendingFault[]
  }
  /** The latest requests, oldest first. */
  readonly requests: readonly RequestRecord[]
  /** Number of open connections. */
  readonly openConnections: number
  /** Closes all connections, waits for the requests to settle and removes a temporary folder. May be called repeatedly. */
  close(): Promise<void>
}

/**
 * Starts the emulator: OSS, OBS and S3 on one local port, with objects on disk, for development and tests.
 *
 * @throws if the port is in use, or the directory contains other files.
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { port = 0, host = '127.0.0.1', region = 'cn-hangzhou', now = () => new Date() } = options
  const dialectOf = dialectFinder({
    providers: options.providers ?? PROVIDER_NAMES,
    obsChecksums: options.obsChecksums ?? true,
    obsEncryption: options.obsEncryption,
  })
  const isTemporary = options.directory === undefined
  const directory = resolve(options.directory ?? mkdtempSync(join(tmpdir(), 'oss-emulator-')))
  const credentials = typeof options.credentials === 'object' ? options.credentials : generateCredentials()
  const find = typeof options.credentials === 'function' ? options.credentials : lookupOf(credentials)
  const faults = new FaultPlan(options.faults)
  const log = new RequestLog(options.requestLogSize ?? 1000)
  const storage = await openStorage(directory)
  const closeStorage = async () => {
    storage.release()
    if (isTemporary) await rm(directory, { recursive: true, force: true })
  }
  const server = new EmulatorServer({
    storage,
    faults,
    log,
    authority: { region, find },
    ownership: { requesterPays: options.requesterPays ?? false, owner: options.bucketOwner },
    dialectOf,
    domains: new Map(Object.entries(options.domains ?? {})),
    buckets: options.buckets === undefined ? undefined : new Set(options.buckets),
    limitOverrides: options.limits ?? {},
    now,
  })
  const boundPort = await server.listen(port, host).catch(async (error: unknown) => {
    await closeStorage()
    throw error
  })
  let closing: Promise<void> | undefined
  const close = () => (closing ??= server.close().then(closeStorage))
  return {
    endpoint: `http://${host.includes(':') ? `[${host}]` : host}:${boundPort}`,
    region,
    credentials,
    directory,
    faults: {
      inject: (fault) => faults.inject(fault),
      clear: () => faults.clear(),
      pending: () => faults.pending(),
    },
    get requests() {
      return log.records
    },
    get openConnections() {
      return server.openConnections
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function generateCredentials(): Credentials {
  return {
    accessKeyId: `LTAI${randomBytes(10).toString('hex')}`,
    accessKeySecret: randomBytes(15).toString('hex'),
  }
}
