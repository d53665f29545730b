/** The blocks of the guide "Every night": scripts are run, units are verified. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, it, type TestContext } from 'node:test'
import { XMLParser } from 'fast-xml-parser'
import { parse } from 'yaml'
import { openShell } from '../cli/shell.js'
import { run, whyNot } from '../support/commands.js'
import { emulatedStore, exists } from '../support/emulated-store.js'
import { environmentOf } from '../support/examples.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { codeBlocksOf, readDocument } from './documents.js'

const blocks = codeBlocksOf(readDocument('docs/guides/every-night.md'))
const block = (name: string) => blocks.find((one) => one.name === name)?.text ?? assert.fail(name)

const PG = ['-h', process.env['PGHOST'] ?? '127.0.0.1', '-U', process.env['PGUSER'] ?? 'postgres', '-w'] as const
const noCurl = whyNot(['curl', '--version']) ?? false
const noSystemd = whyNot(['systemd-analyze', '--version']) ?? false
const noPostgres = whyNot(['psql', ...PG, '-d', 'postgres', '-c', 'SELECT 1']) ?? false

interface XmlRule {
  Prefix: string
  Expiration: { Days: number }
  AbortMultipartUpload: { Days: number }
}

interface JsonRule {
  Filter: { Prefix: string }
  Expiration: { Days: number }
  AbortIncompleteMultipartUpload: { DaysAfterInitiation: number }
}

/** A health check that keeps what it is called with. */
async function healthCheck(t: TestContext) {
  const calls: { url: string | undefined; body: string }[] = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      calls.push({ url: request.url, body })
      response.end()
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => server.close())
  return { calls, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

describe('the guide on nightly backups', () => {
  for (const [what, producer, status, event] of [
    ['stores', 'echo dump', 0, 'done'],
    ['reports a failure and stores nothing', "sh -c 'echo half; exit 9'", 3, 'failed'],
  ] as const) {
    it(`has a script that ${what}`, { skip: noCurl }, async (t) => {
      const { emulator, store } = await emulatedStore(t)
      const { calls, url } = await healthCheck(t)
      const folder = await temporaryFolder(t)
      const textfile = path.join(folder, 'backup.prom')
      const names = new Map([
        ...Object.entries({ ...environmentOf(emulator), OSS_BUCKET: 'test-bucket' }),
        ['HEALTH_URL', `${url}/ping`],
        ['TEXTFILE', textfile],
      ])
      // Every name that the file of the guide has, with the value of the test; others are the address of the emulator.
      for (const [, name = ''] of block('backup.env').matchAll(/^(\w+)=/gm)) assert.ok(names.has(name), name)
      const file = path.join(folder, 'backup.env')
      await writeFile(file, [...names].map(([name, value]) => `${name}=${value}\n`).join(''), { mode: 0o600 })
      const script = path.join(folder, 'backup.sh')
      assert.match(block('backup.sh'), /-- pg_dump -Fc app /)
      await writeFile(script, block('backup.sh').replace('pg_dump -Fc app', producer))
      await chmod(script, 0o755)

      const shell = await openShell(t, undefined, { ENV_FILE: file, NO_PROXY: '127.0.0.1' })
      const { code, stderr } = await shell(script)
      assert.equal(code, status, stderr)
      const key = `nightly/app-${(await run(['date', '+%F'])).trim()}.dump`
      assert.equal(await exists(store, key), status === 0)
      assert.deepEqual(
        calls.map((call) => call.url),
        [`/ping/${status}`],
      )
      assert.equal((JSON.parse(calls[0]?.body ?? '') as { event: string }).event, event)
      const lines = await readFile(textfile, 'utf8')
      assert.match(
        lines,
        new RegExp(
          `^backup_exit_status ${status}\nbackup_size_bytes ${status === 0 ? 5 : 0}\nbackup_time_seconds \\d+\n$`,
        ),
      )
    })
  }

  it('has units that systemd accepts', { skip: noSystemd }, async (t) => {
    const folder = await temporaryFolder(t)
    const script = path.join(folder, 'backup.sh')
    await writeFile(script, block('backup.sh'))
    await chmod(script, 0o755)
    const service = block('ossup-backup.service')
      .replace('/usr/local/bin/backup.sh', script)
      .replace('User=backup\n', '')
    const units = [path.join(folder, 'ossup-backup.service'), path.join(folder, 'ossup-backup.timer')] as const
    await writeFile(units[0], service)
    await writeFile(units[1], block('ossup-backup.timer'))
    await run(['systemd-analyze', 'verify', ...units])
    const [, calendar = ''] = /^OnCalendar=(.*)$/m.exec(block('ossup-backup.timer')) ?? []
    assert.match(await run(['systemd-analyze', 'calendar', calendar]), /Next elapse: .* 02:17:00/)
  })

  it('has a job for Kubernetes and rules for Prometheus that can be parsed', () => {
    const job = parse(block('cronjob.yaml')) as { kind: string; spec: { concurrencyPolicy: string } }
    assert.equal(job.kind, 'CronJob')
    assert.equal(job.spec.concurrencyPolicy, 'Forbid')
    const rules = parse(block('alerts.yaml')) as { spec: { groups: { rules: { expr: string }[] }[] } }
    for (const { expr } of rules.spec.groups.flatMap((group) => group.rules)) {
      const [name = ''] = /backup_\w+/.exec(expr) ?? []
      assert.ok(block('backup.sh').includes(`echo "${name} `), expr)
    }
  })

  it('lists the backups, and removes old ones', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const shell = await openShell(t, emulator, { OSS_BUCKET: 'test-bucket' })
    const check = await shell(block('check.sh'))
    assert.equal(check.code, 0, check.stdout)
    const none = await shell(block('look.sh'))
    assert.equal(none.code, 6)
    for (const day of [1, 2, 3]) await store.upload(`nightly/app-2026-11-0${day}.dump`, 'small')
    const look = await shell(block('look.sh'))
    assert.match(look.stdout, /^ +5 B +\d+s +nightly\/app-2026-11-03\.dump$/m)
    assert.equal(look.code, 7)
    assert.match(look.stderr, /is 5 bytes large, less than 1GB/)
    // All are of one day: its newest is kept, and the oldest of all.
    for (const [status, left] of [
      [4, 3],
      [0, 2],
    ] as const) {
      const pruned = await shell(`status=${status}\n${block('prune.sh')}`)
      assert.equal(pruned.code, 0, pruned.stderr)
      const keys: string[] = []
      for await (const { key } of store.list({ prefix: 'nightly/' })) keys.push(key)
      assert.equal(keys.length, left)
    }
    // Where the guide says that it belongs.
    assert.match(block('backup.sh'), /^exit "\$status"$/m)
  })

  it('has lifecycle rules that can be parsed, of the same days', () => {
    const { Rule } = (new XMLParser().parse(block('lifecycle.xml')) as { LifecycleConfiguration: { Rule: XmlRule } })
      .LifecycleConfiguration
    const [rule, ...others] = (JSON.parse(block('lifecycle.json')) as { Rules: JsonRule[] }).Rules
    assert.deepEqual(others, [])
    assert.deepEqual(
      [Rule.Prefix, Rule.Expiration.Days, Rule.AbortMultipartUpload.Days],
      [rule?.Filter.Prefix, rule?.Expiration.Days, rule?.AbortIncompleteMultipartUpload.DaysAfterInitiation],
    )
  })

  it('has a rehearsal that restores', { skip: noPostgres }, async (t) => {
    const { emulator } = await emulatedStore(t)
    const name = `night_${process.pid}_${randomBytes(4).toString('hex')}`
    const [, host, , user] = PG
    const shell = await openShell(t, emulator, { OSS_BUCKET: 'test-bucket', PGHOST: host, PGUSER: user })
    t.after(async () => {
      for (const database of [name, `${name}_rehearsal`]) {
        await run(['dropdb', '-h', host, '-U', user, '-w', '--if-exists', database])
      }
    })
    const rehearsal = block('rehearsal.sh').replace(/\brehearsal\b/g, `${name}_rehearsal`)
    const { code, stdout, stderr } = await shell(
      `set -e; createdb ${name}; psql -q -d ${name} -c 'CREATE TABLE events AS SELECT generate_series(1, 100)'
      ossup put "oss:///nightly/app-$(date +%F).dump" -q -- pg_dump -Fc ${name}
      ${rehearsal}`,
    )
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^restored, 100 rows$/m)
  })
})
