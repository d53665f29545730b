/** Recognizes commands that write different bytes in every run, so that their output cannot be resumed. */

interface Habit {
  command: RegExp
  /** The option that makes the bytes the same in every run. */
  unless?: RegExp
  note: string
}

const HABITS: readonly Habit[] = [
  {
    command: /\bpg_dump\b.*\s(?:-[a-zA-Z]*F\s*[ctd]|--format[= ][ctd])/s,
    note: 'pg_dump -F writes the date of the dump: another run cannot resume this one',
  },
  {
    command: /\bpg_dump(?:all)?\b/,
    unless: /--restrict-key\b/,
    note: 'pg_dump may start with a random word, so that another run cannot resume this one: give it --restrict-key=SomeWord',
  },
  {
    command: /\b(?:mariadb-dump|mysqldump)\b/,
    unless: /--(?:skip-dump-date|dump-date=(?:0|FALSE)|skip-comments|compact)\b/i,
    note: 'the dump ends with its date: give it --skip-dump-date, so that another run can resume this one',
  },
  {
    command: /\bgpg2?\b|\bopenssl\s+enc\b/,
    unless: /-nosalt\b/,
    note: 'encryption writes different bytes in every run: another run cannot resume this one',
  },
]

/** Returns why the output of this command may not be resumable; undefined if no reason is known. */
export function cannotResume(command: readonly string[]): string | undefined {
  const text = command.join(' ')
  return HABITS.find((habit) => habit.command.test(text) && habit.unless?.test(text) !== true)?.note
}
