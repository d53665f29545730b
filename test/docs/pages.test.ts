/** What holds for every page: its code compiles, its commands can be parsed, its links lead somewhere, it can be read. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import ts from 'typescript'
import { parse } from 'yaml'
import { parseXml } from '../../src/shared/text/xml.js'
import { run } from '../support/commands.js'
import {
  brokenLinksOf,
  codeBlocksOf,
  type CodeBlock,
  DESIGN,
  diagnosticsOf,
  PAGES,
  readDocument,
  tableCellsOf,
} from './documents.js'

const WIDEST_CELL = 60

/** Blocks that need packages from elsewhere: test/compat compiles and runs them. */
const ELSEWHERE = new Set(['koa.ts', 'nest.ts', 'hono.ts'])

/** The modules of these pages import those of another page. */
const BASE_PAGES: Record<string, string> = { 'docs/guides/frameworks.md': 'docs/guides/incoming-uploads.md' }

const mustParse = ({ text }: CodeBlock): void =>
  assert.deepEqual(ts.transpileModule(text, { reportDiagnostics: true }).diagnostics, [])

const CHECKS: Record<string, (block: CodeBlock) => unknown> = {
  // All other pages at once, below.
  ts: (block) => (ELSEWHERE.has(block.name ?? '') ? mustParse(block) : undefined),
  // The test of each such page runs them, and test/compat those that need packages from elsewhere.
  js: mustParse,
  // The command's page has a test of its own for what it shows.
  console: () => undefined,
  sh: ({ text }) => run(['bash', '-n', '-c', text]),
  cron: async ({ text }) => {
    for (const line of text.trim().split('\n')) {
      if (/^[A-Z_]+=/.test(line)) continue
      const [, command = ''] = /^(?:[\d*,/-]+ ){5}(.*)$/.exec(line) ?? assert.fail(line)
      assert.doesNotMatch(command, /(?<!\\)%/)
      await run(['bash', '-n', '-c', command.replaceAll('\\%', '%')])
    }
  },
  yaml: ({ text }) => assert.equal(typeof (parse(text) as { kind: unknown }).kind, 'string'),
  // Units of systemd, which a test of their own verifies.
  ini: ({ text }) => assert.match(text, /^\[Unit\]$/m),
  json: ({ text }) => JSON.parse(text) as unknown,
  xml: async ({ text }) => assert.equal((await parseXml(text)).name, 'LifecycleConfiguration'),
}

/** Links as a reader sees them. */
const visible = (cell: string) => cell.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')

/** The modules of a page: blocks of one name are one module, and those of one page may import each other. */
function modulesOf(page: string): Map<string, string> {
  const modules = new Map<string, string>()
  const pages = BASE_PAGES[page] === undefined ? [page] : [BASE_PAGES[page], page]
  const blocks = pages.flatMap((name) => codeBlocksOf(readDocument(name)))
  for (const [index, { language, name, text }] of blocks.entries()) {
    if (language !== 'ts' || ELSEWHERE.has(name ?? '')) continue
    const file = name === undefined ? `block-${index}.ts` : name.replace(/(\.ts)?$/, '.ts')
    const module = `${page.replace(/\.md$/, '')}/${file}`
    modules.set(module, (modules.get(module) ?? '') + text)
  }
  return modules
}

describe('the documents', () => {
  it('have code that compiles', () => {
    // The last one does not: it shows that others would be noticed.
    const wrong = `import { openStore } from 'oss-upload-stream'\nopenStore({ reigon: 'cn-hangzhou' })`
    const modules = new Map([...PAGES.flatMap((page) => [...modulesOf(page)]), ['wrong.ts', wrong]])
    assert.ok(modules.size > 30)
    const diagnostics = diagnosticsOf(modules)
    const [last = ''] = diagnostics.splice(-1)
    assert.deepEqual(diagnostics, [])
    assert.match(last, /^wrong\.ts:2 .*'reigon' does not exist/)
  })

  it('have a README and an ARCHITECTURE that are read in one sitting', () => {
    const readme = readDocument('README.md')
    assert.ok(readme.split('\n').length <= 241, 'README.md has more than 240 lines')
    assert.ok(Buffer.byteLength(readme) <= 14 * 1024, 'README.md has more than 14 KB')
    assert.ok(readDocument('ARCHITECTURE.md').split('\n').length <= 151, 'ARCHITECTURE.md has more than 150 lines')
  })

  for (const page of PAGES) {
    const document = readDocument(page)

    it(`${page} has commands and documents that can be pasted`, async () => {
      for (const block of codeBlocksOf(document)) {
        const check = CHECKS[block.language] ?? assert.fail(`nothing checks ${block.language}`)
        await check(block)
      }
    })

    it(`${page} says first what it is for`, () => {
      assert.match(document, /^# .+\n\n[^#|`\n-]/)
    })
  }

  for (const page of [...PAGES, ...DESIGN]) {
    it(`${page} links to what exists`, () => {
      assert.deepEqual(brokenLinksOf(page), [])
    })

    it(`${page} has tables of short cells`, () => {
      const cells = tableCellsOf(readDocument(page)).flat()
      assert.deepEqual(
        cells.filter((cell) => visible(cell).length > WIDEST_CELL),
        [],
      )
    })
  }
})
