/** Every option, once: the parser and the help read the same lists. */
export interface OptionSpec {
  name: string
  short?: string
  /** The placeholder of its value in the help; `FILE` and `FOLDER` for paths; absent for a flag. */
  value?: string
  /** Usual values for the help and completion. The service decides which ones it accepts. */
  choices?: readonly string[]
  /** May be given more than once. */
  isRepeated?: boolean
  /** Its value may be any text, even if it starts with a dash. */
  isFreeText?: boolean
  help: string
  /** Its heading in the help. */
  group: string
}

export function grouped(group: string, options: readonly Omit<OptionSpec, 'group'>[]): readonly OptionSpec[] {
  return options.map((option) => ({ ...option, group }))
}

/** Its description in the help. */
export function helpOf({ help, choices = [] }: OptionSpec): string {
  return [help, choices.join(', ')].filter((text) => text !== '').join(': ')
}

/** Returns its synopsis: `-o, --output FILE`. */
export function spellingOf({ name, short, value }: OptionSpec): string {
  return `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`
}
