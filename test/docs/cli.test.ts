/** What docs/cli.md says of the command is what the command does. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { COMMANDS } from '../../src/cli/commands/commands.js'
import { EXIT, exitCodeOfSignal } from '../../src/cli/process/exit-codes.js'
import { openShell } from '../cli/shell.js'
import { run, whyNot } from '../support/commands.js'
import { emulatedStore } from '../support/emulated-store.js'
import { blocksOf, partsOf, readDocument, sectionOf } from './documents.js'

const PAGE = readDocument('docs/cli.md')

const SERVER = {
  PGHOST: process.env['PGHOST'] ?? '127.0.0.1',
  PGUSER: process.env['PGUSER'] ?? 'postgres',
  PGDATABASE: 'postgres',
}
const psql = ['psql', '-h', SERVER.PGHOST, '-U', SERVER.PGUSER, '-w', '-X', '-q'] as const
const skip = whyNot([...psql, '-d', 'postgres', '-c', 'SELECT 1']) ?? whyNot(['pg_dump', '--version']) ?? false

/** The database of the transcript: about as large as the one it was made with. */
const ROWS = `CREATE TABLE events AS SELECT n AS id, md5(n::text) AS name, repeat(md5((n * 7)::text), 20) AS payload
  FROM generate_series(1, 60000) n`

/** As in the usage of a command. */
const spelling = ({ name, short, value }: { name: string; short?: string; value?: string }) =>
  `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`

/** Sizes, times, rates and ETags differ from run to run; a status or a number of parts does not. */
function comparable(text: string): string {
  return text
    .replace(/"[0-9A-F]{32}(?:-\d+)?"/g, '"ETAG"')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'DATE')
    .replace(/(?:\d+(?:[.:]\d+)+|\d{2,})(?: [KMG]?i?B)?/g, 'N')
    .replace(/"[^"\n]*(?=": --expect-tail)/g, '"TAIL')
    .replace(/ +$/gm, '')
}

describe('the page of the command', () => {
  it('names every option with the commands that have it, and no other', () => {
    const documented = [...partsOf(PAGE, 'Options')].map(([option, text]) => {
      const [, commands] = /^Commands: (.*?)\.(?: |$)/m.exec(text) ?? assert.fail(`${option} is of no command`)
      return `${option.replaceAll('`', '')}: ${commands}`
    })
    const owners = new Map<string, string[]>()
    for (const { name, options, sharedOptions } of COMMANDS) {
      for (const option of [...options, ...sharedOptions]) {
        const text = spelling(option)
        owners.set(text, [...(owners.get(text) ?? []), name])
      }
    }
    const withTarget = COMMANDS.filter(({ operands }) => operands.kinds.includes('target')).map(({ name }) => name)
    const groups = new Map([
      [String(COMMANDS.map(({ name }) => name)), 'all'],
      [String(withTarget), 'with a TARGET'],
      [String([...withTarget, 'serve']), 'with a TARGET, serve'],
    ])
    const expected = [...owners].map(([text, names]) => `${text}: ${groups.get(String(names)) ?? names.join(', ')}`)
    assert.deepEqual(documented.sort(), expected.sort())
  })

  it('names every exit status, and no other', () => {
    const entries = [...sectionOf(PAGE, 'Exit status').matchAll(/^- ([\d, ]+):/gm)]
    const documented = entries.flatMap(([, codes = '']) => codes.split(', ').map(Number))
    const signals = (['SIGHUP', 'SIGINT', 'SIGTERM'] as const).map(exitCodeOfSignal)
    const expected = [...Object.values(EXIT), ...signals]
    const ascending = (a: number, b: number) => a - b
    assert.deepEqual(documented.sort(ascending), expected.sort(ascending))
  })

  it('shows what happens', { skip }, async (t) => {
    const { emulator } = await emulatedStore(t)
    const shell = await openShell(t, emulator, SERVER)
    const names = ['app', 'restored'].map(
      (name) => [name, `ossup_${name}_${process.pid}_${randomBytes(4).toString('hex')}`] as const,
    )
    t.after(async () => {
      for (const [, name] of names) await run([...psql, '-d', 'postgres', '-c', `DROP DATABASE IF EXISTS ${name}`])
    })
    for (const [, name] of names)
      await run([...psql, '-d', 'postgres', '-c', `CREATE DATABASE ${name} TEMPLATE template0`])
    const [[, original]] = names as [readonly [string, string]]
    await run([...psql, '-d', original, '-c', ROWS])

    const [transcript = ''] = blocksOf(PAGE, 'console')
    const real = (text: string) =>
      names.reduce(
        (changed, [name, other]) => changed.replace(new RegExp(`(?<=(?:pg_dump|psql)[^|]* )${name}\\b`, 'g'), other),
        text,
      )
    const commands = [...transcript.matchAll(/^\$ (.*)$/gm)].map(([, command = '']) => command)
    const script = commands
      .map((command) => `status=$?; echo ${quotedEcho(command)}; (exit $status)\n${real(command)}`)
      .join('\n')
    const { stdout } = await shell(`exec 2>&1\n${script}`)
    assert.equal(comparable(stdout), comparable(transcript))
  })
})

function quotedEcho(command: string): string {
  return `'$ ${command.replaceAll("'", `'\\''`)}'`
}
