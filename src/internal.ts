/** What the command uses of the library beside what everybody does. Small modules only: they are loaded at each start. */
export { CHECKSUM_NAMES } from './shared/checksum-names.js'
export { oneLine } from './shared/text/one-line.js'
export { ENVIRONMENT_VARIABLES, type EnvironmentOption, PROVIDER_NAMES } from './shared/provider.js'
export { suggestionFor } from './shared/text/suggestion.js'
export { splitTarget, TARGET_FORMS } from './shared/text/target.js'
export { VERSION } from './shared/version.js'
export { cannotRun, endingOf } from './source/command-ending.js'
export { endProcessTree } from './source/process-tree.js'
