/** The page on testing, run: its tests pass, and the old clients that it points at the embedded store share its objects. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, it, type TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import type OSS from 'ali-oss'
import type ObsClient from 'esdk-obs-nodejs'
import ts from 'typescript'
import type { Emulator } from '../../src/emulator/index.js'
import { readAll } from '../support/bytes.js'
import { emulatedStore } from '../support/emulated-store.js'
import { PROJECT } from '../support/project.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { codeBlocksOf, readDocument } from './documents.js'

/** The page's files as modules, in a folder that finds the packages which they name. */
async function guide(t: TestContext): Promise<string> {
  const folder = await temporaryFolder(t)
  await mkdir(path.join(folder, 'node_modules/@aws-sdk'), { recursive: true })
  await symlink(PROJECT, path.join(folder, 'node_modules/oss-upload-stream'))
  for (const name of ['ali-oss', '@aws-sdk/client-s3', 'esdk-obs-nodejs']) {
    await symlink(path.join(PROJECT, 'node_modules', name), path.join(folder, 'node_modules', name))
  }
  await writeFile(path.join(folder, 'package.json'), '{ "type": "module" }')
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, esModuleInterop: true }
  for (const { language, name, text } of codeBlocksOf(readDocument('docs/guides/testing.md'))) {
    const { outputText } = language === 'ts' ? ts.transpileModule(text, { compilerOptions }) : { outputText: text }
    await writeFile(path.join(folder, (name ?? assert.fail(text)).replace(/\.ts$/, '.js')), outputText)
  }
  return folder
}

async function load<T>(folder: string, name: string): Promise<T> {
  return (await import(pathToFileURL(path.join(folder, name)).href)) as T
}

describe('the page on testing', () => {
  it('has a test for node:test that passes', async (t) => {
    const folder = await guide(t)
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined }
    const args = ['--test', '--test-reporter=tap', 'node-test.mjs']
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, env })
    assert.match(stdout, /^# pass 1$/m)
  })

  it('has faults that lead to retries', async (t) => {
    const { countRetries } = await load<{ countRetries: () => Promise<number> }>(await guide(t), 'faults.js')
    assert.ok((await countRetries()) >= 2)
  })

  it('has old clients that store what the library reads', async (t) => {
    const folder = await guide(t)
    const { store, emulator } = await emulatedStore(t, { store: { bucket: 'bucket' } })
    const { aliOss } = await load<{ aliOss: (emulator: Emulator) => OSS }>(folder, 'ali-oss.js')
    await aliOss(emulator).put('ali-oss', Buffer.from('by ali-oss'))
    const { awsSdk } = await load<{ awsSdk: (emulator: Emulator) => S3Client }>(folder, 'aws-sdk.js')
    const s3 = awsSdk(emulator)
    t.after(() => s3.destroy())
    await s3.send(new PutObjectCommand({ Bucket: 'bucket', Key: 'aws-sdk', Body: 'by aws-sdk' }))
    const { esdk } = await load<{ esdk: (emulator: Emulator) => ObsClient }>(folder, 'esdk.js')
    const obs = esdk(emulator)
    await nextTurn()
    await obs.putObject({ Bucket: 'bucket', Key: 'esdk', Body: 'by esdk' })
    for (const key of ['ali-oss', 'aws-sdk', 'esdk']) {
      assert.equal((await readAll((await store.get(key)).body)).toString(), `by ${key}`)
    }
  })
})
