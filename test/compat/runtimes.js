/** The package under every runtime that it supports, and the message under one that it does not. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { folderWith, report, reportSkipped, run } from './tools.js'

/** The oldest that is supported, then the latest of every line. */
const NODE_VERSIONS = ['20.18.1', '20', '22', '24', '26']
const TOO_OLD = '18'

/** The command of a runtime from the registry, or undefined where it cannot be installed. */
async function runtime(context, name, version, command) {
  const folder = await folderWith(context, `${name}-${version}`, [`${name}@${version}`])
  const file = folder === undefined ? undefined : path.join(folder, command)
  if (file === undefined) return undefined
  const { code, stdout, output } = await run(file, ['--version'])
  if (code === 0) return { file, version: /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? '' }
  reportSkipped(`${name} ${version}`, `it does not run here: ${output.trim().split('\n').at(-1)}`)
  return undefined
}

const node = (context, version) => runtime(context, 'node', version, 'node_modules/node/bin/node')

export async function nodeVersions(context) {
  const folder = await folderWith(context, 'plain', [context.tarball])
  if (folder === undefined) return
  for (const version of NODE_VERSIONS) {
    const found = await node(context, version)
    if (found !== undefined) await smoke('Node.js', found, folder, { expected: 'rings' })
  }
}

/** One sentence for the command and for both ways to load the library. */
export async function tooOld(context) {
  const folder = await folderWith(context, 'plain', [context.tarball])
  const found = await node(context, TOO_OLD)
  if (folder === undefined || found === undefined) return
  const calls = [
    ['command', ['node_modules/oss-upload-stream/dist/ossup.cjs', '--version'], 2],
    ['import', ['--input-type=module', '-e', `import 'oss-upload-stream'`], 1],
    ['require', ['-e', `require('oss-upload-stream/emulator')`], 1],
  ]
  for (const [what, args, status] of calls) {
    const { code, output } = await run(found.file, args, { cwd: folder })
    const isRight = code === status && /needs Node\.js 20\.18\.1 or newer/.test(output)
    report({
      what: `Node.js ${TOO_OLD}, ${what}`,
      version: found.version,
      code: isRight ? 0 : 1,
      output,
      note: 'says what is needed',
    })
  }
}

/** Each engine of the CRC-64, and the addon, which is used where an application has installed it. */
export async function engines(context) {
  const here = { file: process.execPath, version: process.version.slice(1) }
  const plain = await folderWith(context, 'plain', [context.tarball])
  if (plain !== undefined) {
    await smoke('Node.js, table forced', here, plain, { forced: 'table' })
    await withoutWebAssembly(here, plain)
  }
  // Newer versions of npm run install scripts of what is named here alone.
  const fields = { allowScripts: { 'crc64-ecma182': true } }
  const folder = await folderWith(context, 'addon', [context.tarball, 'crc64-ecma182@1'], { fields })
  if (folder === undefined) return
  const isBuilt = existsSync(path.join(folder, 'node_modules/crc64-ecma182/build/Release'))
  if (!isBuilt) return reportSkipped('Node.js, native addon', 'it was not built (is there a compiler?)')
  await smoke('Node.js, native addon', here, folder, { forced: 'addon' })
}

/** The HTTP client of Node.js needs WebAssembly too: an upload must be refused in one sentence. */
async function withoutWebAssembly({ file, version }, folder) {
  const variables = { OSS_REGION: 'cn-hangzhou', OSS_ACCESS_KEY_ID: 'id', OSS_ACCESS_KEY_SECRET: 'secret' }
  const args = ['--jitless', 'node_modules/oss-upload-stream/dist/ossup.cjs', 'put', 'oss://bucket/key']
  const { code, output } = await run(file, args, {
    cwd: folder,
    env: { ...process.env, ...variables },
    input: 'content',
  })
  const isRight = code === 2 && output.includes('WebAssembly must be available')
  report({ what: 'Node.js, --jitless', version, code: isRight ? 0 : 1, output, note: 'says what is needed' })
}

/** Written for Node.js, the package runs under these as well. */
export async function otherRuntimes(context) {
  const folder = await folderWith(context, 'plain', [context.tarball])
  if (folder === undefined) return
  for (const [what, name, flags] of [
    ['Bun', 'bun', []],
    ['Deno', 'deno', ['run', '--allow-all']],
  ]) {
    const found = await runtime(context, name, 'latest', `node_modules/.bin/${name}`)
    if (found !== undefined) await smoke(what, found, folder, { flags, expected: 'rings' })
  }
}

async function smoke(what, { file, version }, folder, { flags = [], forced, expected }) {
  const env = { ...process.env, NODE_DEBUG: 'oss-upload-stream' }
  if (forced !== undefined) env.OSS_UPLOAD_STREAM_CRC64 = forced
  const { code, stdout, stderr, output } = await run(file, [...flags, 'smoke.js'], { cwd: folder, env })
  const engine = forced ?? /CRC-64 by (\w+)/.exec(stderr)?.[1] ?? 'unknown'
  const isRight = code === 0 && (expected === undefined || engine === expected)
  const skipped = stdout.match(/^SKIPPED/gm)?.length ?? 0
  const note = `CRC-64 by ${engine}${skipped === 0 ? '' : `, ${skipped} checks skipped`}`
  report({ what, version, code: isRight ? 0 : 1, output, note })
}
