/** The command as one file and as one executable: each serves, puts and gets in an environment with nothing in it. */
import { spawn } from 'node:child_process'
import { copyFile, mkdir } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { PROJECT, report, run } from './tools.js'

export async function standalone({ work }) {
  const built = await run('npm', ['run', '--silent', 'build:standalone'], { cwd: PROJECT })
  if (built.code !== 0) return report({ what: 'standalone', version: process.version.slice(1), ...built })
  for (const [what, file, before] of [
    ['ossup.cjs, one file', 'ossup.cjs', [process.execPath]],
    ['ossup, single executable', 'ossup', []],
  ]) {
    const folder = path.join(work, `alone-${file}`)
    await mkdir(folder)
    const copy = path.join(folder, file)
    await copyFile(path.join(PROJECT, 'standalone', file), copy)
    const outcome = await putAndGet([...before, copy], folder).then(
      () => ({ code: 0, output: '' }),
      (error) => ({ code: 1, output: String(error.stack) }),
    )
    report({ what, version: process.version.slice(1), ...outcome })
  }
}

async function putAndGet([command, ...before], folder) {
  const server = spawn(command, [...before, 'serve', '--json', '--port', '0'], { cwd: folder, env: {} })
  const ended = new Promise((resolve) => server.once('exit', resolve))
  try {
    const env = await variablesOf(server)
    const content = 'a line of a dump\n'.repeat(100_000)
    const target = 'oss://bucket/key'
    const put = await run(command, [...before, 'put', target], { cwd: folder, env, input: content })
    if (put.code !== 0) throw new Error(`put ended with ${put.code}: ${put.output}`)
    const got = await run(command, [...before, 'get', target], { cwd: folder, env })
    if (got.code !== 0 || got.stdout !== content) throw new Error(`get ended with ${got.code}: ${got.stderr}`)
  } finally {
    server.kill()
    await ended
  }
}

/** What the server says of itself, as the variables that the command reads. */
async function variablesOf(server) {
  server.stdout.setEncoding('utf8')
  let text = ''
  for await (const chunk of server.stdout.iterator({ destroyOnReturn: false })) {
    text += chunk
    if (text.includes('\n')) break
  }
  const { endpoint, region, accessKeyId, accessKeySecret } = JSON.parse(text)
  return {
    OSS_ENDPOINT: endpoint,
    OSS_REGION: region,
    OSS_ACCESS_KEY_ID: accessKeyId,
    OSS_ACCESS_KEY_SECRET: accessKeySecret,
  }
}
