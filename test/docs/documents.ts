/** What the documents hold: their code, their tables, and what the compiler says of the code. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import ts from 'typescript'
import { PROJECT } from '../support/project.js'

/** The text of a document, by its path in the project. */
export function readDocument(name: string): string {
  return readFileSync(path.join(PROJECT, name), 'utf8')
}

export interface CodeBlock {
  language: string
  /** The file that it stands for, where it says so. */
  name: string | undefined
  text: string
}

export function codeBlocksOf(document: string): CodeBlock[] {
  const blocks = document.matchAll(/^```(\w+)(?: (\S+))?\n(.*?)^```$/gms)
  return [...blocks].map(([, language = '', name, text = '']) => ({ language, name, text }))
}

/** The blocks of code of one language; there must be some. */
export function blocksOf(document: string, language: string): string[] {
  const found = codeBlocksOf(document).filter((block) => block.language === language)
  assert.ok(found.length > 0, `there is no block of ${language}`)
  return found.map(({ text }) => text)
}

/** The cells of the tables below a heading, up to the next one. */
export function tableBelow(document: string, heading: string): string[][] {
  const section = document.split(/^#+ /m).find((text) => text.startsWith(`${heading}\n`))
  assert.ok(section !== undefined, `there is no heading ${heading}`)
  const lines = section.split('\n').filter((line) => /^ *\| /.test(line) && !/^ *\| -/.test(line))
  return lines.map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

/** What the compiler says of the modules, by their names, as if they were files of the tests. */
export function diagnosticsOf(modules: ReadonlyMap<string, string>): string[] {
  const config = ts.getParsedCommandLineOfConfigFile(
    path.join(PROJECT, 'test/tsconfig.json'),
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: ({ messageText }) => assert.fail(JSON.stringify(messageText)),
    },
  )
  assert.ok(config !== undefined)
  // A block shows how something is made; what it is used for is the reader's.
  const options = { ...config.options, noUnusedLocals: false }
  const texts = new Map([...modules].map(([name, text]) => [path.join(PROJECT, 'test/docs', name), text]))
  const host = ts.createCompilerHost(options)
  const virtual: ts.CompilerHost = {
    ...host,
    fileExists: (name) => texts.has(name) || host.fileExists(name),
    readFile: (name) => texts.get(name) ?? host.readFile(name),
    getSourceFile(name, languageVersion) {
      const text = texts.get(name)
      return text === undefined
        ? host.getSourceFile(name, languageVersion)
        : ts.createSourceFile(name, text, languageVersion)
    },
  }
  // Some packages that documents name have no types of their own.
  const declarations = ['ali-oss', 'esdk-obs-nodejs'].map((name) => path.join(PROJECT, `test/support/${name}.d.ts`))
  const program = ts.createProgram([...texts.keys(), ...declarations], options, virtual)
  const diagnostics = [...texts.keys()].flatMap((name) => [
    ...program.getSyntacticDiagnostics(program.getSourceFile(name)),
    ...program.getSemanticDiagnostics(program.getSourceFile(name)),
  ])
  return diagnostics.map(({ file, start = 0, messageText }) => {
    const line = file?.text.slice(0, start).split('\n').length ?? 0
    return `${path.basename(file?.fileName ?? '')}:${line} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
  })
}

/** Links to headings or files that are not there. */
export function brokenLinksOf(name: string): string[] {
  const headingsOf = (document: string) =>
    [...document.matchAll(/^#+ (.*)$/gm)].map(([, text = '']) =>
      text
        .toLowerCase()
        .replace(/[^a-z0-9 _-]/g, '')
        .replaceAll(' ', '-'),
    )
  const targets = [...readDocument(name).matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target)
  return targets.filter((target) => {
    const [file = '', heading] = target.split('#')
    const there = file === '' ? name : path.join(path.dirname(name), file)
    if (!existsSync(path.join(PROJECT, there))) return true
    return heading !== undefined && !headingsOf(readDocument(there)).includes(heading)
  })
}
