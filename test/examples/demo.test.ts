import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { whyNot } from '../support/commands.js'
import { runExample } from '../support/examples.js'

/** What the demo prints. It must end well. */
async function demoOutput(environment: NodeJS.ProcessEnv): Promise<string> {
  const { code, stdout, stderr } = await runExample('demo.ts', [], environment)
  assert.equal(code, 0, stderr)
  return stdout
}

const skip = whyNot(['psql', '-h', '127.0.0.1', '-U', 'postgres', '-w', '-c', 'SELECT 1']) ?? false

describe('examples/demo.ts', () => {
  it('dumps a PostgreSQL database and reads back the same', { skip }, async () => {
    const output = await demoOutput({ PGHOST: '127.0.0.1', PGUSER: 'postgres' })
    assert.match(output, /^pg_dump of a PostgreSQL database → oss:/)
    assert.match(output, /read back identical: size, CRC-64 and SHA-256\n$/)
  })

  it('archives the installed packages where no PostgreSQL answers, and reads back the same', async () => {
    const output = await demoOutput({ PGHOST: '127.0.0.1', PGPORT: '1' })
    assert.match(output, /^No PostgreSQL answers here.*\ntar of node_modules → oss:/)
    assert.match(output, /read back identical: size, CRC-64 and SHA-256\n$/)
  })
})
