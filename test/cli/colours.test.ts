/** Red for what failed and green for what is stored, where people look. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { emulatedStore } from '../support/emulated-store.js'
import { OSSUP, ossup } from './ossup.js'
import { noTerminal, openTerminal } from './terminal.js'

const TARGET = 'oss://test-bucket/k'

describe('the colours', () => {
  it('follow --color', async (t) => {
    const { emulator } = await emulatedStore(t)
    const put = (...args: string[]) => ossup(emulator, ['put', TARGET, ...args], { input: 'x' })
    const stored = (text: string) => text.split('\n')[0] ?? ''
    assert.equal(stored((await put('--color', 'always')).stdout), `\x1b[32mstored ${TARGET}\x1b[39m`)
    assert.equal(stored((await put('--color', 'never')).stdout), `stored ${TARGET}`)
    assert.equal(stored((await put()).stdout), `stored ${TARGET}`)
    const missing = await ossup(emulator, ['head', `${TARGET}.missing`, '--color', 'always'])
    assert.match(missing.stderr.replaceAll('\x1b', 'ESC'), /^ESC\[31mossup: .*ESC\[39m$/m)
    const wrong = await put('--color', 'pink')
    assert.equal(wrong.code, 2)
    assert.match(wrong.stderr, /^ossup: --color must be auto, always, never \(got "pink"\)$/m)
  })

  it('are used on a terminal by default, and not if NO_COLOR is set', { skip: noTerminal }, async (t) => {
    const { emulator } = await emulatedStore(t)
    const script = `echo x | ${OSSUP} put ${TARGET}; ${OSSUP} head ${TARGET}.missing; echo over; cat`
    const coloured = await openTerminal(t, emulator, 100, script)
    await coloured.until(/^over$/m)
    assert.match(await coloured.colours(), /ESC\[32mstored .*ESC\[31mossup: /s)
    const plain = await openTerminal(t, emulator, 100, script, { NO_COLOR: '1' })
    await plain.until(/^over$/m)
    assert.doesNotMatch(await plain.colours(), /ESC\[3[0-9]/)
  })
})
