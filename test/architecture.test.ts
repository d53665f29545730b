import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, posix, relative, sep } from 'node:path'
import { describe, it } from 'node:test'
import { VERSION } from '../src/shared/version.js'
import { PROJECT } from './support/project.js'

/** An import may point at its own folder or further down, never up or sideways. */
const RANKS: readonly (readonly string[])[] = [
  ['cli'],
  ['index.ts', 'internal.ts'],
  ['api', 'emulator'],
  ['stream', 'source'],
  ['upload', 'download'],
  ['checkpoint'],
  ['stores', 'memory', 'flow'],
  ['checksum', 'credentials', 'http', 'signing'],
  ['shared'],
]

/** A package, and the one folder or file that may import it. Node's own modules are free to all. */
const PACKAGES: Readonly<Record<string, string>> = {
  'undici/index.js': 'http/',
  'fast-xml-parser': 'shared/text/xml.ts',
  'crc64-ecma182': 'checksum/',
}

/** In one folder, beside its own folders. */
const MOST_FILES = 14

/** What the command imports from outside its own folder. */
const EXPORTS_TO_COMMAND: readonly string[] = ['index.ts', 'internal.ts', 'emulator/index.ts']

/** An import or re-export, from its beginning to the specifier. */
const FROM = /^(?:import|export)\b(?:[\w\s{},*]*\bfrom)? '([^']+)'/gm
const DYNAMIC = /\bimport\('([^']+)'\)/g

const files = sourceFiles()

function sourceFiles(): Map<string, { text: string; imports: string[] }> {
  const src = join(PROJECT, 'src')
  const entries = readdirSync(src, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => {
      const path = join(entry.parentPath, entry.name)
      const text = readFileSync(path, 'utf8')
      const imports = [...text.matchAll(FROM), ...text.matchAll(DYNAMIC)].map((match) => match[1] ?? '')
      return [relative(src, path).split(sep).join('/'), { text, imports }] as const
    })
  return new Map(entries)
}

function isRelative(specifier: string): boolean {
  return specifier.startsWith('.')
}

function resolve(from: string, specifier: string): string {
  return posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts')
}

function folderOf(path: string): string {
  return path.split('/')[0] ?? ''
}

function rankOf(path: string): number {
  return RANKS.findIndex((folders) => folders.includes(folderOf(path)))
}

describe('the sources', () => {
  it('are all in folders whose rank is known', () => {
    assert.ok(files.size > 40)
    assert.deepEqual(
      [...files.keys()].filter((path) => rankOf(path) === -1),
      [],
    )
  })

  it('import only from their own folder and from those below', () => {
    const upward = [...files].flatMap(([path, { imports }]) =>
      imports
        .filter(isRelative)
        .map((specifier) => resolve(path, specifier))
        .filter((target) => folderOf(target) !== folderOf(path) && rankOf(target) <= rankOf(path))
        .map((target) => `${path} -> ${target}`),
    )
    assert.deepEqual(upward, [])
  })

  it('import only existing files', () => {
    const missing = [...files].flatMap(([path, { imports }]) =>
      imports
        .filter(isRelative)
        .map((specifier) => resolve(path, specifier))
        .filter((target) => !files.has(target))
        .map((target) => `${path} -> ${target}`),
    )
    assert.deepEqual(missing, [])
  })

  it('import each package in one place', () => {
    const strays = [...files].flatMap(([path, { imports }]) =>
      imports
        .filter((specifier) => !isRelative(specifier) && !specifier.startsWith('node:'))
        .filter((specifier) => !path.startsWith(PACKAGES[specifier] ?? 'nowhere'))
        .map((specifier) => `${path} -> ${specifier}`),
    )
    assert.deepEqual(strays, [])
  })

  it('have no import cycles', () => {
    const done = new Set<string>()
    const visit = (path: string, trail: readonly string[]): string[] => {
      if (trail.includes(path)) return [[...trail.slice(trail.indexOf(path)), path].join(' -> ')]
      if (done.has(path)) return []
      const targets = (files.get(path)?.imports ?? []).filter(isRelative).map((specifier) => resolve(path, specifier))
      const cycles = targets.flatMap((target) => visit(target, [...trail, path]))
      done.add(path)
      return cycles
    }
    assert.deepEqual(
      [...files.keys()].flatMap((path) => visit(path, [])),
      [],
    )
  })

  it('have a command that imports what is exported to everybody, or to it in one place', () => {
    const inner = [...files]
      .filter(([path]) => folderOf(path) === 'cli')
      .flatMap(([path, { imports }]) =>
        imports
          .filter(isRelative)
          .map((specifier) => resolve(path, specifier))
          .filter((target) => folderOf(target) !== 'cli' && !EXPORTS_TO_COMMAND.includes(target))
          .map((target) => `${path} -> ${target}`),
      )
    assert.deepEqual(inner, [])
  })

  for (const entry of ['index.ts', 'internal.ts']) {
    it(`have an entry point ${entry} that only re-exports`, () => {
      const { text } = files.get(entry)!
      assert.match(text, /^(\/\*\*[^*]*\*\/\n)?(export (type )?\{[^}]*\} from '[^']+'\n)+$/)
    })
  }
})

describe('the folders of the sources', () => {
  const folders = new Map<string, number>()
  for (const path of files.keys()) {
    const folder = posix.join('src', posix.dirname(path))
    folders.set(folder, (folders.get(folder) ?? 0) + 1)
  }

  it('have so few files that they can be read at a glance', () => {
    assert.deepEqual(
      [...folders].filter(([, count]) => count > MOST_FILES),
      [],
    )
  })

  it('are those of the map in ARCHITECTURE.md', () => {
    const text = readFileSync(join(PROJECT, 'ARCHITECTURE.md'), 'utf8')
    const mapped = [...text.matchAll(/^\| `(src\/[^`]+)` /gm)].map(([, folder = '']) => folder)
    const expected = [...folders.keys()].filter((folder) => [2, 3].includes(folder.split('/').length))
    assert.deepEqual(mapped.sort(), expected.sort())
  })
})

describe('VERSION', () => {
  it('is that of package.json', () => {
    const { version } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as { version: string }
    assert.equal(VERSION, version)
  })
})
