import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cannotResume } from '../../../src/cli/source/resumability.js'
import { emulatedStore } from '../../support/emulated-store.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { ossup } from '../ossup.js'

describe('a checkpoint', () => {
  for (const [line, note] of [
    ['pg_dump app', /--restrict-key=SomeWord/],
    ['pg_dump --restrict-key=Word app', undefined],
    ['/usr/lib/postgresql/17/bin/pg_dump -Fc app', /writes the date of the dump/],
    ['pg_dump app -F c', /writes the date of the dump/],
    ['pg_dump --format=custom --restrict-key=Word app', /writes the date of the dump/],
    ['mariadb-dump --all-databases', /--skip-dump-date/],
    ['mysqldump --skip-dump-date app', undefined],
    ['gpg --symmetric file', /different bytes in every run/],
    ['openssl enc -aes-256-cbc -pass fd:3', /different bytes in every run/],
    ['tar -c --sort=name /home', undefined],
  ] as const) {
    it(`${note === undefined ? 'comes without a word' : 'comes with a warning'} for ${line}`, () => {
      for (const command of [line.split(' '), ['bash', '-o', 'pipefail', '-c', `${line} | cat`]]) {
        const found = cannotResume(command)
        if (note === undefined) assert.equal(found, undefined)
        else assert.match(found ?? '', note)
      }
    })
  }

  it('comes with the warning when it is made', async (t) => {
    const { emulator } = await emulatedStore(t)
    const file = `${await temporaryFolder(t)}/checkpoint`
    const command = ['bash', '-c', 'head -c 300000 /dev/zero # pg_dump']
    const args = ['put', 'oss://test-bucket/k', '--part-size', '100KiB', '--checkpoint', file, '--', ...command]
    const { code, stderr } = await ossup(emulator, args)
    assert.equal(code, 0, stderr)
    assert.match(stderr, /^ossup: pg_dump may start with a random word/m)
  })
})
