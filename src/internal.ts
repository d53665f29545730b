/** What the command uses of the library beside what everybody does. Small modules only: they are loaded at each start. */
export { CHECKSUM_NAMES } from './shared/checksum-names.js'
export { ENVIRONMENT_VARIABLES, type EnvironmentOption } from './shared/environment-variables.js'
export { oneLine } from './shared/one-line.js'
export { PROVIDER_NAMES } from './shared/provider.js'
export { suggestionFor } from './shared/suggestion.js'
export { VERSION } from './shared/version.js'
export { cannotRun, endingOf } from './source/command-ending.js'
export { endProcessTree } from './source/process-tree.js'
