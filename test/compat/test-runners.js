/** The emulator in test runners, each in the setting that its users have. */
import process from 'node:process'
import { codeBlocks, folderWith, report, run, versionIn } from './tools.js'

/** A checkpoint is read and locked by errors of the file system, which come from outside the realm of Jest's tests. */
const BODY = `  const { endpoint, region, credentials, faults, close } = await startEmulator()
  const store = openStore({ bucket: 'bucket', endpoint, region, credentials })
  try {
  const { size, crc64 } = await store.upload('key', 'content')
  assert.equal(size, 7)
  assert.equal(typeof crc64, 'string')
  const folder = await mkdtemp(join(tmpdir(), 'checkpoint-'))
  const options = { checkpoint: join(folder, 'record'), partSize: 102_400, concurrency: 1 }
  const bytes = Buffer.alloc(300_000, 'a line of a dump\\n')
  faults.inject({ match: { operation: 'UploadPart', partNumber: 2 }, action: { type: 'error', status: 403, code: 'AccessDenied' } })
  const refused = await store.upload('dump', bytes, options).catch((error) => error)
  assert.deepEqual([refused.code, refused.resumable, refused instanceof UploadError], ['ACCESS_DENIED', true, true])
  assert.equal((await store.upload('dump', bytes, options)).resumed?.parts, 1)
  assert.equal((await readdir(folder)).length, 0)
  await rm(folder, { recursive: true })
  } finally {
    // Jest would wait for the server of a test that failed.
    await store.close()
    await close()
  }`

const NAMES = [
  ['node:fs/promises', '{ mkdtemp, readdir, rm }'],
  ['node:os', '{ tmpdir }'],
  ['node:path', '{ join }'],
  ['node:assert/strict', 'assert'],
  ['oss-upload-stream', '{ openStore, UploadError }'],
  ['oss-upload-stream/emulator', '{ startEmulator }'],
]
const IMPORTS = NAMES.map(([name, names]) => `import ${names} from '${name}'`).join('\n')
const REQUIRES = NAMES.map(([name, names]) => `const ${names} = require('${name}')`).join('\n')

const FILES = {
  'cjs/store.test.cjs': `${REQUIRES}\ntest('stores', async () => {\n${BODY}\n})`,
  'esm/store.test.mjs': `${IMPORTS}\ntest('stores', async () => {\n${BODY}\n})`,
  'babel/store.test.js': `${IMPORTS}\ntest('stores', async () => {\n${BODY}\n})`,
  'node/store.test.mjs': `${IMPORTS}\nimport { test } from 'node:test'\ntest('stores', async () => {\n${BODY}\n})`,
  'vitest/store.test.js': `${IMPORTS}\nimport { test } from 'vitest'\ntest('stores', async () => {\n${BODY}\n})`,
  'jest.cjs.json': JSON.stringify({
    testMatch: ['**/cjs/*.test.cjs'],
    moduleFileExtensions: ['js', 'cjs'],
    transform: {},
    testTimeout: 60_000,
  }),
  'jest.esm.json': JSON.stringify({
    testMatch: ['**/esm/*.test.mjs'],
    moduleFileExtensions: ['js', 'mjs', 'cjs'],
    transform: {},
    testTimeout: 60_000,
  }),
  // The package itself is transformed as well, which is what users do with packages that are modules.
  'jest.babel.json': JSON.stringify({
    testMatch: ['**/babel/*.test.js'],
    transform: { '\\.c?js$': ['babel-jest', { presets: [['@babel/preset-env', { targets: { node: '20' } }]] }] },
    transformIgnorePatterns: [],
    testTimeout: 60_000,
  }),
}

const jest = (config, ...flags) => [...flags, 'node_modules/jest/bin/jest.js', '--config', config, '--rootDir', '.']

/** The tests of the guide's page, beside those above. */
async function guideFiles() {
  const blocks = new Map((await codeBlocks('docs/guides/testing.md')).map(({ name, text }) => [name, text]))
  const files = {
    'cjs/guide.test.cjs': blocks.get('jest.cjs'),
    // The page says: without the first line.
    'esm/guide.test.mjs': blocks.get('vitest.mjs').replace(/^.*\n/, ''),
    'node/guide.test.mjs': blocks.get('node-test.mjs'),
    'vitest/guide.test.mjs': blocks.get('vitest.mjs'),
  }
  for (const folder of ['esm', 'node', 'vitest']) files[`${folder}/with-store.mjs`] = blocks.get('with-store.mjs')
  return files
}

/** Each: the setting, the package whose version counts, and the arguments of Node.js. */
const RUNNERS = [
  ['Jest, CommonJS', 'jest', jest('jest.cjs.json')],
  ['Jest, ES modules', 'jest', jest('jest.esm.json', '--experimental-vm-modules')],
  ['Jest, all transformed by Babel', 'jest', jest('jest.babel.json')],
  ['vitest', 'vitest', ['node_modules/vitest/vitest.mjs', 'run', '--dir', 'vitest', '--test-timeout', '60000']],
  ['node:test', undefined, ['--test', 'node/store.test.mjs', 'node/guide.test.mjs']],
]

export async function testRunners(context) {
  const packages = [context.tarball, 'jest', 'vitest', 'babel-jest', '@babel/core', '@babel/preset-env']
  const files = { ...FILES, ...(await guideFiles()) }
  const folder = await folderWith(context, 'runners', packages, { files, type: 'commonjs' })
  if (folder === undefined) return
  for (const [what, name, args] of RUNNERS) {
    const version = name === undefined ? process.version.slice(1) : await versionIn(folder, name)
    report({ what, version, ...(await run(process.execPath, args, { cwd: folder })) })
  }
}
