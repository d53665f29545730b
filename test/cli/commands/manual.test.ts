/** The manual page that is built into the package. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { COMMANDS } from '../../../src/cli/commands/commands.js'
import { manualPage } from '../../../src/cli/commands/explain/manual.js'
import { run, whyNot } from '../../support/commands.js'
import { PROJECT } from '../../support/project.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

const noGroff = whyNot(['groff', '--version']) ?? false

describe('man ossup', () => {
  it('is shown without a warning, with every command and option', { skip: noGroff }, async (t) => {
    const file = path.join(await temporaryFolder(t), 'ossup.1')
    await writeFile(file, manualPage())
    const groff = `groff -man -Tascii -P-cbou -ww -rLL=100n '${file}'`
    assert.equal(await run(['sh', '-c', `${groff} 2>&1 >/dev/null`]), '')
    const shown = await run(['sh', '-c', groff])
    const text = shown.replace(/\s+/g, ' ')
    for (const { name, options, sharedOptions } of COMMANDS) {
      assert.ok(text.includes(` ossup ${name} [OPTIONS]`), name)
      for (const option of [...options, ...sharedOptions]) {
        assert.ok(text.includes(`--${option.name} `), option.name)
        for (const choice of option.choices ?? []) assert.ok(text.includes(choice), choice)
      }
    }
    assert.match(text, / EXIT STATUS .* 7 head: the object is older or smaller/)
  })

  it('is what package.json names', async () => {
    const { man } = JSON.parse(await readFile(path.join(PROJECT, 'package.json'), 'utf8')) as { man: [string] }
    // npm links a list, and takes no notice of a text.
    assert.equal(await readFile(path.join(PROJECT, man[0]), 'utf8'), manualPage())
  })
})
