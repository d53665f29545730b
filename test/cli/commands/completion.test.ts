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
  ['ossup put --part', 'ossup put --part-size'],
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

    it(`knows every command and option in ${shell}`, async () => {
      const { stdout } = await ossup(undefined, ['completion', shell])
      for (const { name, options, sharedOptions } of COMMANDS) {
        const part = new RegExp(`^ {4}${name}\\)(.*?);;$`, 'ms').exec(stdout)?.[1] ?? ''
        for (const option of [...options, ...sharedOptions]) assert.ok(part.includes(`--${option.name}`), option.name)
      }
    })
  }

  it('is of shells that it knows', async () => {
    const { code, stderr } = await ossup(undefined, ['completion', 'fish'])
    assert.equal(code, 2)
    assert.match(stderr, /the shell must be bash or zsh \(got "fish"\)/)
  })
})
