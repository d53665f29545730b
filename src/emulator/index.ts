/** The embedded store: `import { startEmulator } from 'oss-upload-stream/emulator'`. */
export { startEmulator, type Emulator, type EmulatorOptions } from './emulator.js'
export type { CredentialLookup, KnownCredentials } from './authority.js'
export type { Provider as EmulatorProvider } from '../shared/provider.js'
export type * from './faults/fault.js'
export type { PendingFault } from './faults/fault-plan.js'
export type { Limits as EmulatorLimits } from './limits.js'
export type { OperationName } from './operations/operation.js'
export type { RequestRecord } from './request-log.js'
