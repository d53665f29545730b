import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { runExample } from '../support/examples.js'

describe('examples/demo.ts', () => {
  it('archives the installed packages where no PostgreSQL answers, and reads back the same', async () => {
    // A port that nobody listens on: the reserved one.
    const { code, stdout, stderr } = await runExample('demo.ts', [], { PGHOST: '127.0.0.1', PGPORT: '1' })
    assert.equal(code, 0, stderr)
    assert.match(stdout, /No PostgreSQL answers here/)
    assert.match(stdout, /read back identical/)
  })

  it('says that what it reads back is identical with whatever is here', async () => {
    const { code, stdout, stderr } = await runExample('demo.ts')
    assert.equal(code, 0, stderr)
    assert.match(stdout, /read back identical/)
  })
})
