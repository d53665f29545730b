/**
 * Uploads the output of the producer that it starts, by `uploadCommand` or by `pipeline()`, with the package of the folder
 * that it is told; reports its own cost on descriptor 3.
 */
import { spawn } from 'node:child_process'
import { writeSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { pipeline } from 'node:stream/promises'
import { pathToFileURL } from 'node:url'
import type * as Package from 'oss-upload-stream'
import { BUCKET, CREDENTIALS, type Target } from '../contender.js'

const { endpoint, partSize, concurrency } = JSON.parse(process.argv[2] ?? '') as Target
const [folder = '', how = '', command = '', ...args] = process.argv.slice(3)
const { openStore } = (await import(pathToFileURL(path.join(folder, 'dist/index.js')).href)) as typeof Package
const store = openStore({ bucket: BUCKET, region: 'cn-hangzhou', endpoint, credentials: CREDENTIALS })
const options = { partSize, concurrency }
// What `times` of the shell tells of a process includes its children.
process.on('exit', () => writeSync(3, `own ${JSON.stringify(process.cpuUsage())}\n`))

if (how === 'command') await store.uploadCommand('object', command, args, options)
else {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await pipeline(child.stdout, store.createUploadStream('object', options))
}
await store.close()
