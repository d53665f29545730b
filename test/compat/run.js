/**
 * Runs the packed package under every runtime it is for: `npm run test:compat`. Everything happens in a temporary folder;
 * runtimes come from the registry (packages `node`, `bun` and `deno`), and what cannot be installed is skipped, with
 * the reason. `npm run test:compat -- --cache <folder>` keeps the runtimes there for the next time.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'

/** The oldest that is supported, then the latest of every line. */
const NODE_VERSIONS = ['20.18.1', '20', '22', '24', '26']
/** What is written for Node.js, they run as well. */
const OTHERS = ['bun', 'deno']

/** CommonJS packages want a `require`, which a module has not; addons stay outside, where they are. */
const BUNDLE_SETTINGS = {
  esm: {
    banner: {
      js: `import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);`,
    },
  },
  cjs: {},
}

const FOLDER = import.meta.dirname ?? path.dirname(fileURLToPath(import.meta.url))
const PROJECT = path.join(FOLDER, '../..')
const { values } = parseArgs({ options: { cache: { type: 'string' } } })

let failures = 0
const work = await mkdtemp(path.join(tmpdir(), 'oss-upload-stream-compat-'))
try {
  await main()
} finally {
  await rm(work, { recursive: true })
}
console.log(failures === 0 ? 'all is well' : `${failures} FAILED`)
process.exitCode = failures === 0 ? 0 : 1

async function main() {
  const tarball = await pack()
  const plain = await consumer('plain', tarball, [])
  const bundles = [await bundle(plain, 'esm'), await bundle(plain, 'cjs')]
  for (const version of NODE_VERSIONS) {
    const node = await runtime('node', version, 'node_modules/node/bin/node')
    if (node === undefined) continue
    const name = `Node.js ${(await run(node, ['--version'])).output.trim()}`
    await smoke(name, node, plain, { expected: 'rings' })
    for (const [format, file] of bundles) await runBundle(`${name}, in one ${format} file`, node, file)
  }

  const here = `Node.js ${process.version}`
  for (const [how, ...flags] of [
    ['without install scripts', '--ignore-scripts'],
    ['without optional packages', '--omit=optional'],
  ]) {
    const folder = await consumer(how.replaceAll(' ', '-'), tarball, flags)
    await smoke(`${here}, ${how}`, process.execPath, folder, { expected: 'rings' })
    await smoke(`${here}, ${how} and WebAssembly`, process.execPath, folder, { forced: 'table' })
  }
  const addon = path.join(plain, 'node_modules/crc64-ecma182/build/Release')
  if (existsSync(addon)) await smoke(`${here}, with the native addon`, process.execPath, plain, { forced: 'addon' })
  else console.log(`SKIPPED ${here}, with the native addon: it was not built (is there a compiler?)`)

  for (const other of OTHERS) {
    const command = await runtime(other, 'latest', `node_modules/.bin/${other}`)
    if (command === undefined) continue
    const version = (await run(command, ['--version'])).output.split('\n')[0]
    const flags = other === 'deno' ? ['run', '--allow-all'] : []
    await smoke(`${other} (${version})`, command, plain, { flags, expected: 'rings' })
  }
}

async function pack() {
  const { code, output } = await run('npm', ['pack', '--silent', '--pack-destination', work], { cwd: PROJECT })
  if (code !== 0) throw new Error(`npm pack failed: ${output}`)
  return path.join(work, output.trim().split('\n').at(-1))
}

/** An empty folder in which the tarball is installed, with the programs beside it. */
async function consumer(name, tarball, flags) {
  const folder = path.join(work, name)
  await mkdir(folder)
  await writeFile(path.join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  const { code, output } = await run('npm', ['install', '--no-audit', '--no-fund', ...flags, tarball], { cwd: folder })
  if (code !== 0) throw new Error(`the tarball cannot be installed ${name}: ${output}`)
  for (const file of ['smoke.js', 'worker.js', 'bundled.js'])
    await copyFile(path.join(FOLDER, file), path.join(folder, file))
  return folder
}

/** The program and the library in one file, in a folder with nothing else. */
async function bundle(folder, format) {
  const file = path.join(work, `bundle-${format}`, format === 'esm' ? 'program.mjs' : 'program.cjs')
  const { warnings } = await build({
    entryPoints: [path.join(folder, 'bundled.js')],
    outfile: file,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format,
    minify: true,
    logLevel: 'silent',
    ...BUNDLE_SETTINGS[format],
  })
  for (const { text } of warnings) console.log(`esbuild says of ${format}: ${text}`)
  return [format, file]
}

/** The command of a runtime, or undefined where it cannot be installed. */
async function runtime(name, version, command) {
  const folder = path.join(values.cache ?? work, `${name}-${version}`)
  const file = path.join(folder, command)
  if (existsSync(file)) return file
  await mkdir(folder, { recursive: true })
  await writeFile(path.join(folder, 'package.json'), '{ "private": true }')
  const { code, output } = await run('npm', ['install', '--no-audit', '--no-fund', `${name}@${version}`], {
    cwd: folder,
  })
  if (code === 0 && existsSync(file) && (await run(file, ['--version'])).code === 0) return file
  console.log(`SKIPPED ${name} ${version}: it cannot be installed: ${output.trim().split('\n').slice(-3).join(' ')}`)
  return undefined
}

async function smoke(name, command, folder, { flags = [], forced, expected }) {
  const env = { ...process.env, NODE_DEBUG: 'oss-upload-stream' }
  if (forced !== undefined) env.OSS_UPLOAD_STREAM_CRC64 = forced
  const { code, output, said } = await run(command, [...flags, 'smoke.js'], { cwd: folder, env })
  const engine = forced ?? /CRC-64 by (\w+)/.exec(said)?.[1]
  const isRight = code === 0 && (expected === undefined || engine === expected)
  tell(isRight, `${name} (CRC-64 by ${engine ?? 'nobody knows what'})`, output)
}

async function runBundle(name, command, file) {
  const { code, output, said } = await run(command, [file], { cwd: path.dirname(file) })
  tell(code === 0 && output === '4 parts, CRC-64 1574859753128971370\n', name, output + said)
}

function tell(isRight, name, output) {
  if (!isRight) failures += 1
  console.log(`${isRight ? 'ok' : 'FAILED'}: ${name}`)
  const lines = output.trim().split('\n')
  for (const line of isRight ? lines.filter((one) => one.startsWith('SKIPPED')) : lines) console.log(`    ${line}`)
}

function run(command, args, options = {}) {
  return new Promise((resolve) => {
    execFile(command, args, { timeout: 300_000, maxBuffer: 2 ** 26, ...options }, (error, output, said) => {
      resolve({ code: error === null ? 0 : (error.code ?? 1), output: output || said, said })
    })
  })
}
