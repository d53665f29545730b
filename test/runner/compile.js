/** Compiles sources, tests and examples, file by file, into compiled/. Types are checked by `npm run typecheck`. */
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { build } from 'esbuild'

export const PROJECT = path.resolve(import.meta.dirname, '../..')
const COMPILED = path.join(PROJECT, 'compiled')

/** Where the programs are that run several test files. */
export const GROUPS = path.join('compiled', 'groups')

/** Returns the compiled file of a TypeScript file, both as paths in the project. */
export function compiledName(source) {
  return path.join('compiled', source.replace(/\.ts$/, '.js'))
}

/** Compiles what has changed, and resolves with the TypeScript files of the project, by their paths in it. */
export async function compile() {
  const sources = await sourceFiles()
  const { outputFiles } = await build({
    absWorkingDir: PROJECT,
    entryPoints: [...sources, 'test/fixtures/vectors.json'],
    outbase: '.',
    outdir: COMPILED,
    format: 'esm',
    platform: 'node',
    target: 'node20.18',
    loader: { '.json': 'copy' },
    sourcemap: true,
    logLevel: 'warning',
    write: false,
  })
  await removeOthers(new Set(outputFiles.map((file) => file.path)))
  await Promise.all(outputFiles.map(write))
  return sources
}

async function sourceFiles() {
  const folders = await Promise.all(['src', 'test', 'examples'].map(filesBelow))
  return folders
    .flat()
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .sort()
}

async function filesBelow(folder) {
  const entries = await readdir(path.join(PROJECT, folder), { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(PROJECT, path.join(entry.parentPath, entry.name)))
}

/** What was compiled from a file that is gone must not be found by an import. */
async function removeOthers(current) {
  await mkdir(COMPILED, { recursive: true })
  const stale = (await filesBelow('compiled'))
    .map((name) => path.join(PROJECT, name))
    .filter((name) => !current.has(name) && !name.startsWith(path.join(PROJECT, GROUPS, path.sep)))
  await Promise.all(stale.map((name) => rm(name, { force: true })))
}

/** Another run may be reading these files: only those that differ are replaced, each at once. */
export async function write({ path: file, contents }) {
  const before = await readFile(file).catch(() => undefined)
  if (before?.equals(contents)) return
  await mkdir(path.dirname(file), { recursive: true })
  const draft = `${file}.${process.pid}`
  await writeFile(draft, contents)
  await rename(draft, file)
}

if (process.argv[1] === import.meta.filename) await compile()
