/** Commands that write other bytes in every run, so that a checkpoint of their output is of no use. */

interface Habit {
  command: RegExp
  /** Makes the bytes the same again. */
  unless?: RegExp
  note: string
}

const HABITS: readonly Habit[] = [
  {
    command: /\bpg_dump\b.*\s(?:-[a-zA-Z]*F\s*[ctd]|--format[= ][ctd])/s,
    note: 'pg_dump -F writes the date of the dump: no other run resumes this one',
  },
  {
    command: /\bpg_dump(?:all)?\b/,
    unless: /--restrict-key\b/,
    note: 'pg_dump may begin with a random word, so that no other run resumes this one: give it --restrict-key=SomeWord',
  },
  {
    command: /\b(?:mariadb-dump|mysqldump)\b/,
    unless: /--(?:skip-dump-date|dump-date=(?:0|FALSE)|skip-comments|compact)\b/i,
    note: 'the dump ends with its date: --skip-dump-date leaves it out, and other runs can resume this one',
  },
  {
    command: /\bgpg2?\b|\bopenssl\s+enc\b/,
    unless: /-nosalt\b/,
    note: 'encryption writes other bytes each time: no other run resumes this one',
  },
]

/** Returns what to know before the output of this command is resumed; undefined if nothing is known against it. */
export function cannotResume(command: readonly string[]): string | undefined {
  const text = command.join(' ')
  return HABITS.find((habit) => habit.command.test(text) && habit.unless?.test(text) !== true)?.note
}
