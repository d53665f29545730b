/** Every option, once: what parses them and what explains them read the same lists. */
export interface OptionSpec {
  name: string
  short?: string
  /** What stands for its value in the help, `FILE` and `FOLDER` for paths; absent for a flag. */
  value?: string
  /** Usual values, for people who ask for them: which ones are accepted, the service says. */
  choices?: readonly string[]
  /** May be given more than once. */
  isRepeated?: boolean
  /** Its value is any text, also one that starts with a dash. */
  isFreeText?: boolean
  help: string
  /** What it stands below in the help. */
  group: string
}

export function grouped(group: string, options: readonly Omit<OptionSpec, 'group'>[]): readonly OptionSpec[] {
  return options.map((option) => ({ ...option, group }))
}

/** What the help says of it. */
export function helpOf({ help, choices = [] }: OptionSpec): string {
  return [help, choices.join(', ')].filter((text) => text !== '').join(': ')
}

/** How it is typed: `-o, --output FILE`. */
export function spellingOf({ name, short, value }: OptionSpec): string {
  return `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`
}
