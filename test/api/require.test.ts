import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { run } from '../support/commands.js'

/** What the script printed. It runs in the project's folder, where the package's name leads to what was built. */
async function output(script: string, ...options: string[]): Promise<unknown> {
  return JSON.parse(await run([process.execPath, '--throw-deprecation', ...options, '-e', script])) as unknown
}

const CLASSES = ['DownloadStream', 'ObjectStore', 'UploadError', 'UploadStream', 'UploadTransform']
const FUNCTIONS = [
  'combineCrc64',
  'createCrc64',
  'createDownloadStream',
  'createUploadStream',
  'createUploadTransform',
  'openStore',
]

describe('the built package', () => {
  it('is imported by its name', async () => {
    const script = `const names = async () => [await import('oss-upload-stream'), await import('oss-upload-stream/emulator')]
      names().then((modules) => console.log(JSON.stringify(modules.map((module) => Object.keys(module)))))`
    assert.deepEqual(await output(script, '--input-type=module'), [[...CLASSES, ...FUNCTIONS], ['startEmulator']])
  })

  it('is required from CommonJS', async () => {
    const script = `const { openStore, UploadError } = require('oss-upload-stream')
      const { startEmulator } = require('oss-upload-stream/emulator')
      try { openStore({ bucket: 5 }) } catch (error) {
        console.log(JSON.stringify([typeof startEmulator, error instanceof UploadError, error.code]))
      }`
    assert.deepEqual(await output(script), ['function', true, 'INVALID_OPTION'])
  })

  it('is one library, whether imported or required', async () => {
    const script = `import * as imported from 'oss-upload-stream'
      import { createRequire } from 'node:module'
      const required = createRequire(process.cwd() + '/')('oss-upload-stream')
      console.log(JSON.stringify(Object.keys(required).filter((name) => imported[name] === required[name])))`
    assert.deepEqual(await output(script, '--input-type=module'), [...CLASSES, ...FUNCTIONS])
  })

  it('stores and reads in a CommonJS program', async () => {
    const script = `const { pipeline } = require('node:stream/promises')
      const { text } = require('node:stream/consumers')
      const { createUploadStream, openStore } = require('oss-upload-stream')
      const { startEmulator } = require('oss-upload-stream/emulator')
      startEmulator().then(async ({ endpoint, region, credentials, close }) => {
        const store = openStore({ bucket: 'test-bucket', endpoint, region, credentials })
        await pipeline(['from ', 'CommonJS'], createUploadStream('key', { store }))
        const { body } = await store.get('key')
        console.log(JSON.stringify(await text(body)))
        await store.close()
        await close()
      })`
    assert.equal(await output(script), 'from CommonJS')
  })
})
