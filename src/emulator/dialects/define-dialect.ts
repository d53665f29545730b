/** The defaults of a dialect, so that each service defines only what differs. */
import type { ObjectProperties } from '../storage/stored-object.js'
import type { Dialect } from './dialect.js'

const NOTHING = (): undefined => undefined
const NONE = (): readonly never[] => []

type DefaultName =
  | 'checksums'
  | 'callback'
  | 'usualChecksum'
  | 'takesBodiesOfUnknownSize'
  | 'keysPerPage'
  | 'cutsPages'
  | 'encodesNames'
  | 'isCatchAll'
  | 'checkPartHeaders'
  | 'checkListHeaders'
  | 'checkReadHeaders'
  | 'refusesRange'
  | 'readAcl'
  | 'completesAll'
  | 'etagOf'
  | 'formatEtag'
  | 'partElements'
  | 'partListElements'
  | 'uploadElements'
  | 'objectElements'
  | 'storageClassName'

const DEFAULTS: Pick<Dialect, DefaultName> = {
  checksums: [],
  callback: {
    maxUrls: 5,
    placeholder: /\$\{([^}]*)\}/g,
    names: {},
    usualBodyType: 'application/x-www-form-urlencoded',
  },
  usualChecksum: undefined,
  takesBodiesOfUnknownSize: true,
  keysPerPage: 1000,
  cutsPages: true,
  encodesNames: 'always',
  isCatchAll: false,
  checkPartHeaders: NOTHING,
  checkListHeaders: NOTHING,
  checkReadHeaders: NOTHING,
  refusesRange: () => true,
  readAcl: NOTHING,
  completesAll: () => false,
  etagOf: (md5) => md5,
  formatEtag: (etag) => `"${etag}"`,
  partElements: NONE,
  partListElements: NONE,
  uploadElements: NONE,
  objectElements: NONE,
  storageClassName: (storageClass) => storageClass,
}

type Derived = 'encryptionHeaders' | 'initiationHeaders' | 'completion'
type Optional = DefaultName | Derived

/** Returns the dialect of a service from what differs from the defaults. */
export function defineDialect(own: Omit<Dialect, Optional> & Partial<Pick<Dialect, Optional>>): Dialect {
  const encryptionHeaders = ({ encryption }: ObjectProperties): Record<string, string> =>
    Object.fromEntries(Object.entries(encryption).map(([name, value]) => [own.headerPrefix + name, value]))
  return {
    ...DEFAULTS,
    encryptionHeaders,
    initiationHeaders: encryptionHeaders,
    completion: (receipt) => ({ headers: own.receiptHeaders(receipt), elements: [] }),
    ...own,
  }
}
