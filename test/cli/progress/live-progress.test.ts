import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { LiveProgress } from '../../../src/cli/progress/live-progress.js'
import { Output } from '../../../src/cli/process/output.js'

/** What a terminal gets when a producer says this on standard error, in these chunks, and then ends. */
async function shown(...chunks: string[]): Promise<string> {
  const terminal = new PassThrough()
  const output = new Output(terminal)
  const progress = new LiveProgress(output, output)
  for (const chunk of chunks) progress.foreign(Buffer.from(chunk))
  progress.close()
  terminal.end()
  return text(terminal)
}

describe('what a producer says on the terminal', () => {
  it('comes in whole lines, however it was cut', async () => {
    assert.equal(await shown('one\ntw', 'o\nthr', 'ee'), 'one\ntwo\nthree\n')
    assert.equal(await shown('one\r', '\ntwo\r\n'), 'one\r\ntwo\r\n')
  })

  it('is kept of a line that is written over again and again as it was last', async () => {
    const percent = Array.from({ length: 100 }, (_, i) => `\r ${i} %`)
    assert.equal(await shown(...percent), '\r 99 %\n')
    assert.equal(await shown(...percent, ' done\nnext'), '\r 99 % done\nnext\n')
    assert.equal(await shown(...percent.map((line) => `${line.slice(1)}\r`)), '\r 99 %\r\n')
  })
})
