/** What a user gets from the registry. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { linksOf, PAGES, readDocument, sectionOf, tableCellsOf } from '../docs/documents.js'
import { PROJECT } from '../support/project.js'
import { install, pack, type Packed, run } from './packed.js'

const BESIDE = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']

/** For those who change the code: README links to them in the repository, and the package does not contain them. */
const REPOSITORY_ONLY = new Set(['ARCHITECTURE.md', 'CONTRIBUTING.md'])

/** Returns the paths of the pages and of what they link to, relative to the project. */
function documents(): string[] {
  const linked = PAGES.flatMap((page) =>
    linksOf(readDocument(page))
      .map((target) => target.replace(/#.*/, ''))
      .filter((file) => file !== '')
      .map((file) => path.normalize(path.join(path.dirname(page), file)))
      .filter((file) => !REPOSITORY_ONLY.has(file)),
  )
  return [...PAGES, ...linked]
}

let packed: Packed
let consumer: string | undefined
let whyNot: string | undefined

before(async () => {
  packed = await pack()
  try {
    consumer = await install(packed)
  } catch (error) {
    whyNot = `the registry is not to be reached: ${String(error).slice(0, 200)}`
  }
})

after(() => rm(packed.folder, { recursive: true }))

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
}

describe('the package', () => {
  it('contains the library, the emulator and the command, its documents and what they link to, and nothing else', () => {
    const libraries = ['index', 'emulator'].flatMap((name) =>
      ['.cjs', '-names.cjs', '.js', '.d.cts', '.d.ts'].map((ending) => `dist/${name}${ending}`),
    )
    const linked = new Set(documents())
    for (const file of BESIDE) linked.delete(file)
    const expected = [...BESIDE, ...linked, ...libraries, 'dist/ossup.1', 'dist/ossup.cjs']
    assert.deepEqual(packed.files.toSorted(), expected.toSorted())
  })

  it('says what npm shows, and no more is left to the owner than the address of the repository', () => {
    const facts = JSON.parse(readFileSync(path.join(PROJECT, 'package.json'), 'utf8')) as Record<string, unknown>
    assert.deepEqual(facts['publishConfig'], { access: 'public', provenance: true })
    for (const word of ['oss', 'obs', 's3']) assert.ok((facts['keywords'] as string[]).includes(word))
    for (const name of ['OSS', 'OBS', 'S3']) assert.match(String(facts['description']), new RegExp(name))
    for (const name of ['funding', 'bundleDependencies']) assert.equal(facts[name], undefined)
    assert.deepEqual(Object.keys(facts['dependencies'] as object), ['fast-xml-parser', 'undici'])
    // Optional, so that no package manager builds it, or warns of its install script, unless the application asks for it.
    assert.deepEqual(Object.keys(facts['peerDependencies'] as object), ['crc64-ecma182'])
    assert.deepEqual(facts['peerDependenciesMeta'], { 'crc64-ecma182': { optional: true } })
  })

  it('runs where it is installed from the tarball', async (t) => {
    if (consumer === undefined) {
      t.skip(whyNot)
      return
    }
    const script = `import { createRequire } from 'node:module'
      import { UploadError, openStore } from 'oss-upload-stream'
      import { startEmulator } from 'oss-upload-stream/emulator'
      const { endpoint, region, credentials, close } = await startEmulator()
      const store = openStore({ bucket: 'bucket', endpoint, region, credentials })
      const { size } = await store.upload('key', 'content')
      const required = createRequire(import.meta.url)('oss-upload-stream')
      console.log(size, UploadError.name, required.UploadError === UploadError)
      await store.close()
      await close()`
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: consumer })
    assert.equal(stdout, '7 UploadError true\n')
    const ossup = await run(path.join(consumer, 'node_modules/.bin/ossup'), ['--version'])
    assert.match(ossup.stdout, /^\d+\.\d+\.\d+/)
  })

  it('has types for every entry to resolve modules, whose declarations are checked as well', async (t) => {
    if (consumer === undefined) {
      t.skip(whyNot)
      return
    }
    const folder = consumer
    await mkdir(path.join(folder, 'node_modules/@types'), { recursive: true })
    for (const name of ['@types/node', 'undici-types']) {
      await symlink(path.join(PROJECT, 'node_modules', name), path.join(folder, 'node_modules', name))
    }
    const program = `import { createUploadStream, openStore, type UploadResult } from 'oss-upload-stream'
      import { startEmulator, type Emulator } from 'oss-upload-stream/emulator'
      import { ProxyAgent } from 'undici'
      const store = openStore({ provider: 's3', bucket: 'bucket', dispatcher: new ProxyAgent('http://proxy') })
      export const upload: Promise<UploadResult> = createUploadStream('key', { store }).done
      export const emulator: Promise<Emulator> = startEmulator()
      // @ts-expect-error an option that does not exist
      openStore({ bukcet: 'bucket' })`
    await writeFile(path.join(folder, 'program.ts'), program)
    await writeFile(path.join(folder, 'program.cts'), program)
    const entries = [
      ['--module', 'commonjs', '--moduleResolution', 'node10', '--ignoreDeprecations', '6.0', 'program.ts'],
      ['--module', 'node16', '--moduleResolution', 'node16', 'program.ts', 'program.cts'],
      ['--module', 'nodenext', '--moduleResolution', 'nodenext', 'program.ts', 'program.cts'],
      ['--module', 'esnext', '--moduleResolution', 'bundler', 'program.ts'],
    ]
    const tsc = path.join(PROJECT, 'node_modules/typescript/bin/tsc')
    const common = [
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      'false',
      '--target',
      'es2023',
      '--lib',
      'es2023,esnext.disposable',
      '--types',
      'node',
    ]
    for (const entry of entries) {
      const { stdout } = await run(process.execPath, [tsc, ...common, ...entry], { cwd: folder }).catch(
        (error: unknown) => error as { stdout: string },
      )
      assert.equal(stdout, '', entry.join(' '))
    }
  })

  it('is as large as its page says', (t) => {
    if (consumer === undefined) {
      t.skip(whyNot)
      return
    }
    const folder = path.join(consumer, 'node_modules')
    const lock = JSON.parse(readFileSync(path.join(consumer, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, unknown>
    }
    const installed = filesBelow(folder).reduce((bytes, file) => bytes + statSync(file).size, 0)
    const measured = new Map([
      ['Packed', packed.size / 1e6],
      ['Unpacked', packed.unpackedSize / 1e6],
      ['Installed, with all it depends on', installed / 1e6],
      ['Packages installed, itself included', Object.keys(lock.packages).length - 1],
    ])
    const rows = tableCellsOf(sectionOf(readDocument('docs/compatibility.md'), 'Size')).slice(1)
    assert.deepEqual(
      rows.map(([name]) => name),
      [...measured.keys()],
    )
    for (const [name = '', figure = ''] of rows) {
      const number = Number(figure.replace(/ MB$/, ''))
      const now = measured.get(name) ?? 0
      // Dependencies have releases of their own.
      assert.ok(Math.abs(number - now) <= 0.15 * now, `${name}: the page says ${figure}, now it is ${now.toFixed(2)}`)
    }
  })
})
