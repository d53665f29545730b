import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { after, before, describe, it } from 'node:test'
import { type Command, feed, outputOf, run, whyNot } from '../support/commands.js'
import { emulatedStore } from '../support/emulated-store.js'

const MiB = 1024 * 1024
const SERVER = ['-h', '127.0.0.1', '-P', '3306', '-u', 'root', '--default-character-set=utf8mb4'] as const
const ORIGINAL = `oss_upload_stream_${process.pid}_${randomBytes(4).toString('hex')}`
const RESTORED = `${ORIGINAL}_restored`

const mariadb = (...args: string[]): Command => ['mariadb', ...SERVER, '--batch', '--skip-column-names', ...args]
/** Binary columns are written as the bytes they are, so the dump is no text of any encoding. */
const mariadbDump = (database: string): Command => [
  'mariadb-dump',
  ...SERVER,
  '--single-transaction',
  '--no-autocommit',
  database,
]

const skip = whyNot(mariadb('-e', 'SELECT 1')) ?? whyNot(['mariadb-dump', '--version']) ?? false

/** All byte values, alone and beside what dumps escape; unicode, NULL and extreme values; and about 110 MB. */
const TABLES = String.raw`
  CREATE TABLE byte_values (value INT PRIMARY KEY, alone BINARY(1) NOT NULL, beside VARBINARY(8), bits BIT(8));
  INSERT INTO byte_values
    SELECT seq, CHAR(seq), CONCAT(x'5C00', CHAR(seq), x'270D0A1A'), CHAR(seq) FROM seq_0_to_255;
  INSERT INTO byte_values VALUES (256, '', NULL, NULL);

  CREATE TABLE texts (id INT AUTO_INCREMENT PRIMARY KEY, value LONGTEXT CHARACTER SET utf8mb4);
  INSERT INTO texts (value) VALUES (NULL), (''), ('NULL'), ('\\N'), ('tab\tline\r\nend\\'), ('\' "quoted" \0 \Z'),
    ('größe'), ('数据库备份'), ('🗄️👩‍👩‍👧'), ('שלום'), (CONCAT('e', CONVERT(x'CC81' USING utf8mb4))), (REPEAT('字', 100000));

  CREATE TABLE typed (id INT PRIMARY KEY, big BIGINT UNSIGNED, exact DECIMAL(65, 30), approximate DOUBLE,
    at DATETIME(6), choice ENUM('a', 'größe'), document JSON, FOREIGN KEY (id) REFERENCES texts (id));
  INSERT INTO typed VALUES
    (1, 18446744073709551615, -0.000000000000000000000000000001, 1.7976931348623157e308, NULL, NULL, '{"a": [1, null, "größe"]}'),
    (2, 0, NULL, 0.1, '2024-02-29 23:59:59.999999', 'größe', 'null');

  CREATE TABLE payloads (id INT PRIMARY KEY, payload BLOB NOT NULL);
  INSERT INTO payloads
    SELECT seq, CONCAT(UNHEX(REPEAT(MD5(seq), 30)), UNHEX(SHA2(seq, 512)), UNHEX(REPEAT(SHA2(-seq, 256), 45)))
    FROM seq_1_to_52000;

  CREATE TABLE large (id INT PRIMARY KEY, payload LONGBLOB);
  INSERT INTO large SELECT seq, REPEAT(UNHEX(SHA2(seq, 512)), 32768) FROM seq_1_to_2;
`

const NAMES = ['byte_values', 'large', 'payloads', 'texts', 'typed']

/** The number of rows and a checksum over all columns, by the server, for each table. */
async function contentOf(database: string): Promise<string[]> {
  const counts = NAMES.map((table) => `SELECT '${table}', COUNT(*) FROM ${table};`)
  const checksums = NAMES.map((table) => `CHECKSUM TABLE ${table} EXTENDED;`)
  const lines = (await run(mariadb(database), [...counts, ...checksums].join('\n'))).trim().split('\n')
  return lines.map((line) => line.replace(`${database}.`, ''))
}

describe('mariadb-dump of a database', { skip }, () => {
  before(async () => {
    for (const database of [ORIGINAL, RESTORED]) {
      await run(mariadb('-e', `CREATE DATABASE ${database} CHARACTER SET utf8mb4`))
    }
    await run(mariadb(ORIGINAL), TABLES)
  })

  after(async () => {
    for (const database of [ORIGINAL, RESTORED]) await run(mariadb('-e', `DROP DATABASE IF EXISTS ${database}`))
  })

  it('comes back from the store as the same database', async (t) => {
    const { store } = await emulatedStore(t)
    const upload = store.createUploadStream('backups/app.sql', { partSize: MiB, contentType: 'application/sql' })
    let mostInFlight = 0
    upload.on('part', () => {
      mostInFlight = Math.max(mostInFlight, upload.progress.partsInFlight)
    })
    const [command, ...args] = mariadbDump(ORIGINAL)
    await pipeline(outputOf(spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })), upload)
    const { size, parts } = await upload.done
    assert.ok(size >= 100e6, `the dump has ${size} bytes`)
    assert.equal(parts, Math.ceil(size / MiB))
    t.diagnostic(`${size} bytes in ${parts} parts, at most ${mostInFlight} in flight`)

    await feed(mariadb('--binary-mode', RESTORED), (await store.get('backups/app.sql')).body)
    const original = await contentOf(ORIGINAL)
    assert.equal(original.length, 2 * NAMES.length)
    assert.ok(original.includes('payloads\t52000'))
    assert.deepEqual(await contentOf(RESTORED), original)
  })
})
