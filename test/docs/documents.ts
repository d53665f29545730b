/** What the documents hold: their code, their tables, and what the compiler says of the code. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import ts from 'typescript'
import { PROJECT } from '../support/project.js'

const inFolder = (folder: string) =>
  readdirSync(path.join(PROJECT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join(folder, name))

/** Every page for users: README and what it leads to. */
export const PAGES = ['README.md', ...inFolder('docs'), ...inFolder('docs/guides')]

/** What is written for those who change the code. */
export const DESIGN = ['ARCHITECTURE.md', 'CONTRIBUTING.md', ...inFolder('docs/design')]

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

/** The text below a heading of any level, up to the next heading of the same or a higher level. */
export function sectionOf(document: string, heading: string): string {
  const lines = document.split('\n')
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading)
  assert.ok(start !== -1, `there is no heading ${heading}`)
  const level = /^#+/.exec(lines[start] ?? '')?.[0].length ?? 0
  const length = lines.slice(start + 1).findIndex((line) => new RegExp(`^#{1,${level}} `).test(line))
  return lines.slice(start + 1, length === -1 ? undefined : start + 1 + length).join('\n')
}

/** The headings below a heading, one level deeper, each with its text. */
export function partsOf(document: string, heading: string): Map<string, string> {
  const [, ...parts] = sectionOf(document, heading).split(/^### /m)
  return new Map(parts.map((text) => [text.split('\n', 1)[0] ?? '', text.replace(/^.*\n+/, '')]))
}

/** The cells of every row of every table, heads included. */
export function tableCellsOf(document: string): string[][] {
  const lines = document.split('\n').filter((line) => /^ *\| /.test(line) && !/^ *\| -/.test(line))
  return lines.map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

/** Files as the compiler read them: those of one process do not change. */
const read = new Map<string, ts.SourceFile | undefined>()

/** What the compiler says of the modules, by their names, as if they were files of the tests. */
export function diagnosticsOf(modules: ReadonlyMap<string, string>): string[] {
  const folder = path.join(PROJECT, 'test/docs')
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
  const texts = new Map([...modules].map(([name, text]) => [path.join(folder, name), text]))
  const folders = new Set([...texts.keys()].map((name) => path.dirname(name)))
  const host = ts.createCompilerHost(options)
  const virtual: ts.CompilerHost = {
    ...host,
    directoryExists: (name) => folders.has(name) || ts.sys.directoryExists(name),
    fileExists: (name) => texts.has(name) || host.fileExists(name),
    readFile: (name) => texts.get(name) ?? host.readFile(name),
    getSourceFile(name, languageVersion) {
      const text = texts.get(name)
      if (text !== undefined) return ts.createSourceFile(name, text, languageVersion)
      if (!read.has(name)) read.set(name, host.getSourceFile(name, languageVersion))
      return read.get(name)
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
    return `${path.relative(folder, file?.fileName ?? '')}:${line} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
  })
}

/** What a document links to in the project: a path, and after `#` a heading. */
export function linksOf(document: string): string[] {
  const targets = [...withoutCode(document).matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target)
  return targets.filter((target) => !/^https?:/.test(target))
}

/** Links to headings or files that are not there. */
export function brokenLinksOf(name: string): string[] {
  return linksOf(readDocument(name)).filter((target) => {
    const [file = '', heading] = target.split('#')
    const there = file === '' ? name : path.join(path.dirname(name), file)
    if (!existsSync(path.join(PROJECT, there))) return true
    return heading !== undefined && !anchorsOf(readDocument(there)).includes(heading)
  })
}

function anchorsOf(document: string): string[] {
  return [...withoutCode(document).matchAll(/^#+ (.*)$/gm)].map(([, text = '']) =>
    text
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

const withoutCode = (document: string) => document.replace(/^```.*?^```$/gms, '')
