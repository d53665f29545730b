import assert from 'node:assert/strict'
import { PassThrough, Writable } from 'node:stream'
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

  it('is shown if it is a prompt, and nothing is drawn over it until there is input', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const written: string[] = []
    const terminal = new Writable({
      decodeStrings: false,
      write: (text: string | Buffer, _encoding, callback) => callback(void written.push(text.toString())),
    })
    const output = new Output(terminal)
    const progress = new LiveProgress(output, output)
    const facts = { bytes: 100, verb: 'sent', elapsedMs: 0, rateNow: 0, rateMean: 0, retries: 0 } as const
    const shownSince = (): string => written.splice(0).join('')

    progress.progress(facts)
    assert.match(shownSince(), /100 B sent/)
    progress.foreign(Buffer.from('Passphrase: '))
    assert.equal(shownSince(), '')
    t.mock.timers.tick(1000)
    assert.equal(shownSince(), '\r\x1b[KPassphrase: ')
    progress.progress(facts)
    assert.equal(shownSince(), '')
    // The answer has no echo: the end of its line is missing.
    progress.progress({ ...facts, bytes: 300 })
    assert.match(shownSince(), /^\n\r.* 300 B sent/)

    progress.foreign(Buffer.from('Again: '))
    t.mock.timers.tick(1000)
    progress.foreign(Buffer.from('\nwell'))
    progress.foreign(Buffer.from(' done\n'))
    progress.progress({ ...facts, bytes: 300 })
    progress.foreign(Buffer.from('\r 10 %'))
    t.mock.timers.tick(1000)
    assert.match(shownSince(), /Again: \nwell done\n\r.* 300 B sent[^%]*$/)
  })
})
