/** The fields of `--json` are those that docs/cli.md lists. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import path from 'node:path'
import { describe, it } from 'node:test'
import { MiB } from '../../src/shared/byte-size.js'
import { ossup, startOssup } from '../cli/ossup.js'
import { emulatedStore } from '../support/emulated-store.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { readDocument } from './documents.js'

type Fields = ReadonlyMap<string, boolean>

const PAGE = readDocument('docs/cli.md')
const TARGET = 'oss://test-bucket/app/k'

/** The names of a list below a heading, each with its fields and whether it must be there. */
function documented(heading: string): ReadonlyMap<string, Fields> {
  const [, text = ''] = PAGE.split(`### ${heading}\n`)
  const [list = ''] = text.split(/^#/m)
  const entries = [...list.matchAll(/^- `(\w+)`: (.*)$/gm)].map(([, name = '', line = '']) => {
    const fields = [...line.replace(/\([^)]*\)/g, '').matchAll(/`(\w+)(\??)`/g)]
    return [name, new Map(fields.map(([, field = '', mark = '']) => [field, mark === '']))] as const
  })
  assert.ok(entries.length > 0, heading)
  return new Map(entries)
}

const EVERY = documented('Events of every command')
const PUT = new Map([...EVERY, ...documented('Events of put')])
const GET = new Map([...PUT, ...EVERY, ...documented('Events of get')])
const OTHERS = documented('Documents of other commands')

type Document = Readonly<Record<string, unknown>>

function documentsIn(text: string): Document[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Document)
}

function assertFields(document: Document, fields: Fields | undefined, what: string): void {
  assert.ok(fields !== undefined, `${what} is not documented`)
  for (const name of Object.keys(document)) assert.ok(fields.has(name), `${what} has ${name}, which is not documented`)
  for (const [name, isRequired] of fields)
    if (isRequired) assert.ok(Object.hasOwn(document, name), `${what} lacks ${name}`)
}

/** Returns which events there were. */
function assertEvents(text: string, events: ReadonlyMap<string, Fields>): string[] {
  return documentsIn(text).map(({ event, ...fields }) => {
    assertFields(fields, events.get(String(event)), String(event))
    return String(event)
  })
}

/** The numbers of what a transfer is slowed down by are as they are. */
const OFTEN = ['--json', '--progress-every', '0s']

describe('the documents of --json', () => {
  it('of put are as documented: every event', async (t) => {
    const { emulator } = await emulatedStore(t)
    const folder = await temporaryFolder(t)
    const checkpoint = ['--checkpoint', path.join(folder, 'checkpoint'), '--part-size', '1MiB', '--concurrency', '1']
    const put = (bytes: number, ...args: string[]) =>
      ossup(emulator, ['put', TARGET, ...OFTEN, ...args], { input: Buffer.alloc(bytes, args.join()) })
    const fault = (skip: number, status: number, code: string, times = 1) =>
      emulator.faults.inject({
        match: { operation: 'UploadPart' },
        skip,
        times,
        action: { type: 'error', status, code },
      })
    const seen = new Set<string>()
    const run = async (code: number, ...given: Parameters<typeof put>) => {
      const ended = await put(...given)
      assert.equal(ended.code, code, ended.stdout + ended.stderr)
      for (const event of assertEvents(ended.stdout, PUT)) seen.add(event)
    }
    fault(2, 403, 'AccessDenied')
    await run(4, 4 * MiB, ...checkpoint)
    fault(0, 503, 'ServiceUnavailable', 4)
    await run(0, 4 * MiB, ...checkpoint)
    fault(2, 403, 'AccessDenied')
    await run(4, 4 * MiB, ...checkpoint)
    const uploads = documentsIn((await ossup(emulator, ['uploads', TARGET, '--json'])).stdout)
    assert.equal(uploads.length, 1)
    await ossup(emulator, ['abort', TARGET, '--upload-id', String(uploads[0]?.['uploadId'])])
    await run(0, 4 * MiB, ...checkpoint)
    const missed = [...PUT.keys()].filter((event) => !seen.has(event) && event !== 'interrupted')
    assert.deepEqual(missed, [])
  })

  it('of get are as documented: every event', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const folder = await temporaryFolder(t)
    const file = path.join(folder, 'file')
    await store.upload('app/k', Buffer.alloc(4 * MiB, 'x'))
    const seen = new Set<string>()
    const get = async (code: number, ...args: string[]) => {
      const options = ['--checkpoint', path.join(folder, 'checkpoint'), '--part-size', '1MiB', '--concurrency', '1']
      const ended = await ossup(emulator, ['get', TARGET, ...OFTEN, '-o', file, ...options, ...args])
      assert.equal(ended.code, code, ended.stderr)
      for (const event of assertEvents(ended.stderr, GET)) seen.add(event)
    }
    const fault = (skip: number, status: number, code: string, times = 1) =>
      emulator.faults.inject({
        match: { operation: 'GetObject' },
        skip,
        times,
        action: { type: 'error', status, code },
      })
    fault(2, 403, 'AccessDenied')
    await get(1)
    fault(1, 503, 'ServiceUnavailable', 4)
    await get(0)
    fault(2, 403, 'AccessDenied')
    await get(1)
    await store.upload('app/k', Buffer.alloc(3 * MiB, 'y'))
    await get(0)
    const missed = [...documented('Events of get').keys(), 'retry', 'away', 'back'].filter((event) => !seen.has(event))
    assert.deepEqual(missed, [])
  })

  it('of the other commands are as documented, each', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    for (const key of ['a', 'b', 'c']) await store.upload(`app/${key}`, 'text', { metadata: { by: 'me' } })
    const uploadId = await store.initiateMultipartUpload('app/k')
    await store.uploadPart({ key: 'app/k', uploadId }, 1, Buffer.alloc(200_000))
    const calls: readonly (readonly [name: string, ...args: string[]])[] = [
      ['head', 'oss://test-bucket/app/a'],
      ['ls', 'oss://test-bucket/app/'],
      ['presign', 'oss://test-bucket/app/a'],
      ['check', 'oss://test-bucket/app/'],
      ['rm', 'oss://test-bucket/app/a'],
      ['prune', 'oss://test-bucket/app/', '--keep-last', '1'],
      ['uploads', 'oss://test-bucket/'],
      ['parts', TARGET],
      ['abort', TARGET, '--upload-id', uploadId],
    ]
    for (const [name, ...args] of calls) {
      const { code, stdout, stderr } = await ossup(emulator, [name, '--json', ...args])
      assert.equal(code, 0, stderr)
      const documents = documentsIn(stdout)
      assert.ok(documents.length > 0, name)
      for (const document of documents) assertFields(document, OTHERS.get(name), name)
    }
    const { child } = startOssup(undefined, ['serve', '--json'])
    t.after(() => child.kill('SIGKILL'))
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
    assertFields(JSON.parse(chunk.toString()) as Document, OTHERS.get('serve'), 'serve')
    assert.deepEqual([...OTHERS.keys()].sort(), [...calls.map(([name]) => name), 'serve'].sort())
  })

  it('of a command that a signal ends say so', async (t) => {
    const { emulator } = await emulatedStore(t)
    const { child, ended } = startOssup(emulator, ['put', TARGET, '--json'])
    t.after(() => child.kill('SIGKILL'))
    await once(child.stdout, 'data')
    child.kill('SIGINT')
    assert.deepEqual(assertEvents((await ended).stdout, PUT).slice(-2), ['interrupted', 'failed'])
  })
})
