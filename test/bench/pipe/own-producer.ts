/** Uploads the output of the producer that it starts, by `uploadCommand` or by `pipeline()`; reports its own cost on descriptor 3. */
import { spawn } from 'node:child_process'
import { writeSync } from 'node:fs'
import process from 'node:process'
import { pipeline } from 'node:stream/promises'
import { openStore } from 'oss-upload-stream'
import { BUCKET, CREDENTIALS, type Target } from '../contender.js'

const { endpoint, partSize, concurrency } = JSON.parse(process.argv[2] ?? '') as Target
const [how = '', ...args] = process.argv.slice(3)
const store = openStore({ bucket: BUCKET, region: 'cn-hangzhou', endpoint, credentials: CREDENTIALS })
const options = { partSize, concurrency }
// What `times` of the shell tells of a process includes its children.
process.on('exit', () => writeSync(3, `own ${JSON.stringify(process.cpuUsage())}\n`))

if (how === 'command') await store.uploadCommand('object', process.execPath, args, options)
else {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await pipeline(child.stdout, store.createUploadStream('object', options))
}
await store.close()
