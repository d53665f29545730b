/** What holds for every guide: its code compiles, its commands can be parsed, its links lead somewhere. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { parse } from 'yaml'
import { run } from '../support/commands.js'
import { PROJECT } from '../support/project.js'
import { brokenLinksOf, codeBlocksOf, type CodeBlock, diagnosticsOf, readDocument } from './documents.js'

const FOLDER = 'docs/guides'

const CHECKS: Record<string, (block: CodeBlock) => unknown> = {
  // All of a guide at once: they may import each other.
  ts: () => undefined,
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
  json: ({ text }) => JSON.parse(text) as unknown,
}

for (const file of readdirSync(path.join(PROJECT, FOLDER))) {
  const blocks = codeBlocksOf(readDocument(`${FOLDER}/${file}`))

  describe(`the guide ${file}`, () => {
    it('has code that compiles', () => {
      const modules = blocks.filter(({ language }) => language === 'ts')
      const texts = modules.map(({ name, text }, index) => [name ?? `block-${index}.ts`, text] as const)
      assert.deepEqual(diagnosticsOf(new Map(texts)), [])
    })

    it('has commands and documents that can be pasted', async () => {
      for (const block of blocks) {
        const check = CHECKS[block.language] ?? assert.fail(`nothing checks ${block.language}`)
        await check(block)
      }
    })

    it('links to what there is', () => {
      assert.deepEqual(brokenLinksOf(`${FOLDER}/${file}`), [])
    })
  })
}
