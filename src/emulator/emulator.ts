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
   * Where objects are kept. A folder that is given outlives the emulator, and what is in it is found again; it must be
   * empty or an emulator's. By default a new temporary one, which `close()` removes.
   */
  readonly directory?: string
  /** 0, the default, takes a free one. */
  readonly port?: number
  /** The address to listen on; 127.0.0.1 by default. */
  readonly host?: string
  /**
   * Who may sign: one pair, or a function that is asked at each request, so that keys can come, go and expire. A fresh
   * pair by default.
   */
  readonly credentials?: Credentials | CredentialLookup
  /** What signatures are bound to: the general region id, `cn-hangzhou` by default. The same for all services. */
  readonly region?: string
  /**
   * The services that are spoken, all of them by default. Which one a request is meant for is seen from its signature;
   * one without any is answered by the first.
   */
  readonly providers?: readonly Provider[]
  /**
   * Whether OBS verifies the CRC-64 of what it is sent, and tells it, as newer clusters do; true by default. Older ones
   * take no notice of it.
   */
  readonly obsChecksums?: boolean
  /**
   * How the buckets of OBS encrypt an object whose request does not say: `AES256` or `kms`. Its ETag is not its MD5 then.
   * Answers name the encryption, unless `isTold` is false. By default nothing is encrypted.
   */
  readonly obsEncryption?: { readonly algorithm: 'AES256' | 'kms'; readonly isTold?: boolean }
  /** Faults from the start; more can be injected later. */
  readonly faults?: readonly Fault[]
  /** The server's clock; the machine's by default. */
  readonly now?: () => Date
  /** In place of the service's own: small parts and few of them make quick tests. */
  readonly limits?: Partial<Limits>
  /** The only buckets there are. By default any bucket comes into being when it is first used. */
  readonly buckets?: readonly string[]
  /** Whether a request must agree to be paid for by who sends it (`requestPayer`); false by default. */
  readonly requesterPays?: boolean
  /** The account that owns every bucket: a request that expects another one is refused. By default any may be expected. */
  readonly bucketOwner?: string
  /** Custom domains (CNAME): host name to bucket. */
  readonly domains?: Readonly<Record<string, string>>
  /** How many requests are remembered; 1,000 by default. */
  readonly requestLogSize?: number
}

/** A running embedded store. */
export interface Emulator extends AsyncDisposable {
  /** Such as `http://127.0.0.1:41235`. */
  readonly endpoint: string
  /** What signatures are bound to. */
  readonly region: string
  /** What to sign with. Where the option is a function this pair is not known, unless the function knows it. */
  readonly credentials: Credentials
  /** Where the objects are. */
  readonly directory: string
  /** What is to go wrong. */
  readonly faults: {
    /** Adds a fault to those that have not happened yet. */
    inject(fault: Fault): void
    /** Forgets the faults that have not happened yet, and ends the connections of requests that stall. */
    clear(): void
    /** The faults that have not happened yet, with the counts that are left. */
    pending(): PendingFault[]
  }
  /** The last requests, the oldest first. */
  readonly requests: readonly RequestRecord[]
  /** Connections that clients hold now. */
  readonly openConnections: number
  /** Ends every connection, waits for the requests to settle and removes a temporary folder. May be called again. */
  close(): Promise<void>
}

/**
 * Starts the embedded store: OSS, OBS and S3 on one local port, with objects on disk, for development and tests.
 *
 * @throws when the port is taken, or the directory holds something else.
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
