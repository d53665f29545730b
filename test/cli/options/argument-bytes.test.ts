import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { refuseForeignBytes } from '../../../src/cli/options/argument-bytes.js'
import { openShell } from '../shell.js'

describe('arguments that are not UTF-8', () => {
  it('are refused, since two names would become one object', async (t) => {
    const shell = await openShell(t, undefined)
    const { code, stderr } = await shell(`ossup put "oss://test-bucket/$(printf 'a\\xff')" < /dev/null`)
    assert.equal(code, 2, stderr)
    assert.match(stderr, /^ossup: "oss:\/\/test-bucket\/a\uFFFD" is not UTF-8: names of objects and files must be/)
  })

  it('are not taken for a name that has the replacement character', () => {
    const args = ['put', 'oss://b/a\uFFFD']
    refuseForeignBytes(args, () => Buffer.from(args.join('\0')))
    refuseForeignBytes(['put'], () => assert.fail('nothing to look at'))
    assert.throws(() => refuseForeignBytes(args, () => Buffer.from([0xff])), { exitCode: 2 })
    assert.throws(
      () =>
        refuseForeignBytes(args, () => {
          throw new Error('no /proc')
        }),
      { exitCode: 2 },
    )
  })
})
