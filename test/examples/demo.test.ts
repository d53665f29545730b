import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { whyNot } from '../support/commands.js'
import { runExample } from '../support/examples.js'

/** What the demo prints. It must end well, and fit a terminal. */
async function demoOutput(environment: NodeJS.ProcessEnv): Promise<string> {
  const { code, stdout, stderr } = await runExample('demo.ts', [], environment)
  assert.equal(code, 0, stdout + stderr)
  for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line)
  assert.match(stdout, /^ {2}a connection was cut in the middle of part 2: sent again after \d+ ms$/m)
  assert.match(stdout, /^ {2}survived {2}1 cut connection$/m)
  assert.match(stdout, /\nThe copy is the same as the original\.\n$/)
  return stdout
}

const skip = whyNot(['psql', '-h', '127.0.0.1', '-U', 'postgres', '-w', '-c', 'SELECT 1']) ?? false

describe('examples/demo.ts', () => {
  it('dumps a PostgreSQL database and reads back the same', { skip }, async () => {
    const output = await demoOutput({ PGHOST: '127.0.0.1', PGUSER: 'postgres' })
    assert.match(output, /^pg_dump of a PostgreSQL database → oss:/)
    assert.match(output, /^ {2}restored {2}50000 rows, MD5 [0-9a-f]{32}$/m)
  })

  it('archives the installed packages if no PostgreSQL is running, and reads back the same', async () => {
    const output = await demoOutput({ PGHOST: '127.0.0.1', PGPORT: '1' })
    assert.match(output, /^PostgreSQL is not running here.*\ntar of an installed package → oss:/)
  })
})
