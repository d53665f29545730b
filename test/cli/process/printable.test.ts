import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { Output } from '../../../src/cli/process/output.js'
import { formatTable } from '../../../src/cli/progress/table.js'
import { emulatedStore } from '../../support/emulated-store.js'
import { ossup } from '../ossup.js'

/** Clears a screen, begins a sequence by a C1 control, reverses what follows, and forges a line. */
const HOSTILE = 'a\x1b[2J\u009b31m\u202egpj\nossup: stored'
const SHOWN = 'a\\u001b[2J\\u009b31m\\u202egpj\\u000aossup: stored'

async function written(write: (output: Output) => void): Promise<string> {
  const stream = new PassThrough()
  write(new Output(stream))
  stream.end()
  return text(stream)
}

describe('text of others', () => {
  it('is one line without a character that a terminal obeys', async () => {
    assert.equal(await written((output) => output.line(HOSTILE)), `${SHOWN}\n`)
    assert.deepEqual(formatTable([{ title: 'KEY' }], [[HOSTILE]]), ['KEY', SHOWN])
  })

  it('stays what it is in JSON', async () => {
    const value = { [HOSTILE]: `${HOSTILE}\ud800\u{e0001}` }
    const json = await written((output) => output.json(value))
    assert.doesNotMatch(json.slice(0, -1), /[\p{Cc}\p{Cf}\p{Cs}]/u)
    assert.deepEqual(JSON.parse(json), value)
  })

  it('may have any letters', async () => {
    const letters = 'ключ 备份 👩 ñ'
    assert.equal(await written((output) => output.line(letters)), `${letters}\n`)
  })

  it('is escaped where ossup prints the names of uploads', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const key = 'a\u009b31m\u202egpj\nossup: stored'
    await store.initiateMultipartUpload(key)
    for (const args of [
      ['uploads', 'oss://test-bucket'],
      ['uploads', '--json', 'oss://test-bucket'],
      ['abort', 'oss://test-bucket', '--older-than', '0s', '--dry-run'],
      ['abort', 'oss://test-bucket', '--older-than', '0s', '--dry-run', '--json'],
      ['abort', 'oss://test-bucket', '--older-than', '0s'],
    ]) {
      const { code, stdout } = await ossup(emulator, args)
      assert.equal(code, 0)
      assert.doesNotMatch(stdout.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u, args.join(' '))
      assert.doesNotMatch(stdout, /^ossup: stored/m)
    }
  })
})
