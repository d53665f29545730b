/** The embedded store in test runners, each in the setting that its users have. */
import process from 'node:process'
import { folderWith, report, run, versionIn } from './tools.js'

const BODY = `  const { endpoint, region, credentials, close } = await startEmulator()
  const store = openStore({ bucket: 'bucket', endpoint, region, credentials })
  const { size, crc64 } = await store.upload('key', 'content')
  await store.close()
  await close()
  assert.equal(size, 7)
  assert.equal(typeof crc64, 'string')`

const IMPORTS = `import assert from 'node:assert/strict'
import { openStore } from 'oss-upload-stream'
import { startEmulator } from 'oss-upload-stream/emulator'`

const FILES = {
  'cjs/store.test.cjs': `const assert = require('node:assert/strict')
const { openStore } = require('oss-upload-stream')
const { startEmulator } = require('oss-upload-stream/emulator')
test('stores', async () => {
${BODY}
})`,
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

/** Each: the setting, the package whose version counts, and the arguments of Node.js. */
const RUNNERS = [
  ['Jest, CommonJS', 'jest', jest('jest.cjs.json')],
  ['Jest, ES modules', 'jest', jest('jest.esm.json', '--experimental-vm-modules')],
  ['Jest, all transformed by Babel', 'jest', jest('jest.babel.json')],
  ['vitest', 'vitest', ['node_modules/vitest/vitest.mjs', 'run', '--dir', 'vitest', '--test-timeout', '60000']],
  ['node:test', undefined, ['--test', 'node/store.test.mjs']],
]

export async function testRunners(context) {
  const packages = [context.tarball, 'jest', 'vitest', 'babel-jest', '@babel/core', '@babel/preset-env']
  const folder = await folderWith(context, 'runners', packages, { files: FILES, type: 'commonjs' })
  if (folder === undefined) return
  for (const [what, name, args] of RUNNERS) {
    const version = name === undefined ? process.version.slice(1) : await versionIn(folder, name)
    report({ what, version, ...(await run(process.execPath, args, { cwd: folder })) })
  }
}
