/** Completion as people get it: by pressing Tab in a real shell. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { COMMANDS } from '../../../src/cli/commands/commands.js'
import { run, whyNot } from '../../support/commands.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { ossup, quoted } from '../ossup.js'
import { noTerminal, openTerminal } from '../terminal.js'

/** Shells without what a user has set up, with the script read from a file. */
const SHELLS = {
  bash: {
    check: (file: string) => ['bash', '-n', file] as const,
    start: (file: string) => `exec bash --noprofile --rcfile <(echo "PS1='> '; source ${quoted(file)}") -i`,
  },
  zsh: {
    check: (file: string) => ['zsh', '-n', file] as const,
    start: (file: string, folder: string) =>
      `cd ${quoted(folder)}; echo "PS1='> '; autoload -Uz compinit; compinit -u -D; source ${file}" > .zshrc; ZDOTDIR=$PWD exec zsh -d -i`,
  },
} as const

/** What is typed before Tab is pressed, and what the line is afterwards. */
const LINES = [
  ['ossup pu', 'ossup put'],
  ['ossup put --part-s', 'ossup put --part-size'],
  ['ossup put s', 'ossup put s3://'],
  ['ossup put --addressing pa', 'ossup put --addressing path'],
  ['ossup put oss://b/k --config un', 'ossup put oss://b/k --config unmistakable.txt'],
  ['ossup put oss://b/k un', 'ossup put oss://b/k unmistakable.txt'],
  ['ossup put oss://b/k -- truncat', 'ossup put oss://b/k -- truncate'],
  ['ossup completion z', 'ossup completion zsh'],
] as const

describe('ossup completion', { concurrency: 2 }, () => {
  for (const shell of ['bash', 'zsh'] as const) {
    const skip = whyNot([shell, '--version']) ?? noTerminal
    it(`completes what is typed in ${shell}`, { skip }, async (t) => {
      const folder = await temporaryFolder(t)
      const file = path.join(folder, 'completion')
      const { code, stdout } = await ossup(undefined, ['completion', shell])
      assert.equal(code, 0)
      await writeFile(file, stdout)
      await run(SHELLS[shell].check(file))
      await writeFile(path.join(folder, 'unmistakable.txt'), '')
      const script = `cd ${quoted(folder)}; ${SHELLS[shell].start(file, folder)}`
      const terminal = await openTerminal(t, undefined, 100, script)
      await terminal.until(/^>$/m)
      for (const [typed, completed] of LINES) {
        await terminal.press('-l', typed)
        await terminal.until(new RegExp(`^> ${typed}$`, 'm'))
        await terminal.press('Tab')
        // zsh puts the sign between an option and its value.
        await terminal.until(new RegExp(`^> ${completed}=?$`, 'm'))
        await terminal.press('C-u')
        await terminal.until(/^>$/m)
      }
    })

    it(`contains every command and option in ${shell}`, async () => {
      const { stdout } = await ossup(undefined, ['completion', shell])
      for (const { name, options, sharedOptions } of COMMANDS) {
        const part = new RegExp(`^ {4}${name}\\)(.*?);;$`, 'ms').exec(stdout)?.[1] ?? ''
        for (const option of [...options, ...sharedOptions]) assert.ok(part.includes(`--${option.name}`), option.name)
      }
    })
  }

  it('has every command and option in fish, with their values', async () => {
    const { stdout } = await ossup(undefined, ['completion', 'fish'])
    for (const { name, options, sharedOptions } of COMMANDS) {
      assert.ok(stdout.includes(` -a ${name} -d `), name)
      const lines = stdout.split('\n').filter((line) => line.includes(`__ossup_is ${name}'`))
      for (const option of [...options, ...sharedOptions]) {
        const line = lines.find((one) => one.includes(` -l ${option.name} `)) ?? assert.fail(option.name)
        if (option.choices !== undefined) assert.ok(line.includes(` -a '${option.choices.join(' ')}' `), line)
        // A quote within the explanation would end it.
        assert.equal((line.replace(/\\'/g, '').match(/'/g)?.length ?? 0) % 2, 0, line)
      }
    }
  })

  it('completes what is typed in fish', { skip: whyNot(['fish', '--version']) ?? false }, async (t) => {
    const folder = await temporaryFolder(t)
    const file = path.join(folder, 'ossup.fish')
    await writeFile(file, (await ossup(undefined, ['completion', 'fish'])).stdout)
    await writeFile(path.join(folder, 'unmistakable.txt'), '')
    for (const [typed, completed] of LINES) {
      const script = `cd ${quoted(folder)}; source ${quoted(file)}; complete -C ${quoted(typed)}`
      const offered = await run(['fish', '--no-config', '-c', script])
      assert.ok(
        offered.split('\n').some((line) => completed.endsWith(line.split('\t')[0] ?? '')),
        typed,
      )
    }
  })

  it('supports only known shells', async () => {
    const { code, stderr } = await ossup(undefined, ['completion', 'tcsh'])
    assert.equal(code, 2)
    assert.match(stderr, /the shell must be bash, fish, zsh \(got "tcsh"\)/)
  })
})
