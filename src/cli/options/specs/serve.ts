import { PROVIDER_NAMES } from '../../../internal.js'
import { grouped, type OptionSpec } from './option-spec.js'

export const SERVE_OPTIONS: readonly OptionSpec[] = grouped('Options', [
  { name: 'port', value: 'N', help: 'default: a free one' },
  { name: 'directory', value: 'FOLDER', help: 'where objects are kept (default: gone when it ends)' },
  { name: 'region', value: 'ID', help: 'default cn-hangzhou' },
  {
    name: 'provider',
    value: 'NAME',
    choices: PROVIDER_NAMES,
    help: 'whose variables are printed (default oss); all are served',
  },
])
