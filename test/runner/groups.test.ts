import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { PROJECT } from '../support/project.js'

const ALONE = 'test/credentials/credentials-source.test.ts'
const SHARING = ['test/checksum/combine.test.ts', 'test/checksum/decimal.test.ts']

describe('test files of one run', () => {
  it('share a process unless they change it, each of them once', async () => {
    const url = pathToFileURL(path.join(PROJECT, 'test/runner/groups.js')).href
    const { grouped } = (await import(url)) as { grouped: (sources: string[], folder: string) => Promise<string[]> }
    const programs = await grouped([ALONE, ...SHARING], path.join('compiled', 'groups', 'of-a-test'))
    assert.equal(programs.length, 2)
    assert.ok(programs.includes(path.join('compiled', 'test/credentials/credentials-source.test.js')))
    const group = programs.find((name) => name.includes('of-a-test')) ?? ''
    const program = await readFile(path.join(PROJECT, group), 'utf8')
    const loaded = [...program.matchAll(/import\("(.+?)"\)/g)].map(([, name = '']) =>
      path.relative('compiled', path.join(path.dirname(group), name)).replace(/\.js$/, '.ts'),
    )
    assert.deepEqual(loaded, SHARING)
  })
})
