/** The package as `npm publish` would send it, packed aside: packing builds anew, and tests use what was built. */
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { PROJECT } from '../support/project.js'

export const run = promisify(execFile)

export interface Packed {
  /** To be removed in the end. */
  folder: string
  tarball: string
  /** Bytes. */
  size: number
  unpackedSize: number
  files: string[]
}

export async function pack(): Promise<Packed> {
  const folder = await mkdtemp(path.join(tmpdir(), 'oss-upload-stream-pack-'))
  const copy = path.join(folder, 'project')
  for (const name of [
    'package.json',
    'tsconfig.json',
    'build.js',
    'README.md',
    'CHANGELOG.md',
    'ARCHITECTURE.md',
    'LICENSE',
    'src',
    'docs',
    'examples',
    'test/tsconfig.json',
  ]) {
    await cp(path.join(PROJECT, name), path.join(copy, name), { recursive: true })
  }
  await symlink(path.join(PROJECT, 'node_modules'), path.join(copy, 'node_modules'))
  const { stdout } = await run('npm', ['pack', '--json', '--silent', '--pack-destination', folder], {
    cwd: copy,
    maxBuffer: 2 ** 26,
  })
  const [{ filename, size, unpackedSize, files }] = JSON.parse(stdout.slice(stdout.indexOf('['))) as [
    { filename: string; size: number; unpackedSize: number; files: { path: string }[] },
  ]
  return { folder, tarball: path.join(folder, filename), size, unpackedSize, files: files.map((file) => file.path) }
}

/** An empty project with the tarball installed, from the registry for what it depends on. */
export async function install(packed: Packed): Promise<string> {
  const folder = path.join(packed.folder, 'consumer')
  await mkdir(folder)
  await writeFile(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }')
  await run('npm', ['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', packed.tarball], {
    cwd: folder,
  })
  return folder
}
