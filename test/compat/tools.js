/** What all rows of the matrix share: processes, folders with packages in them, and what is printed and written. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'

export const FOLDER = import.meta.dirname
export const PROJECT = path.join(FOLDER, '../..')
/** What bundled.js prints. */
export const EXPECTED = '4 parts, CRC-64 1574859753128971370'

const rows = []

/** A row of the result: what ran, in which version, and with what outcome. Shows the output of what failed. */
export function report({ what, version, code, output, note = '' }) {
  const outcome = code === 0 ? 'works' : 'FAILED'
  rows.push({ what, version, outcome, note })
  console.log(`${outcome}: ${what} ${version}${note === '' ? '' : ` (${note})`}`)
  if (code !== 0) console.log(output.replaceAll(/^/gm, '    '))
}

export function reportSkipped(what, reason) {
  rows.push({ what, version: '', outcome: 'SKIPPED', note: reason })
  console.log(`SKIPPED: ${what}: ${reason}`)
}

export function countFailures() {
  return rows.filter(({ outcome }) => outcome === 'FAILED').length
}

/** The rows as the table of docs/compatibility.md. */
export function table() {
  const lines = rows.map(({ what, version, outcome, note }) => `| ${what} | ${version} | ${outcome} | ${note} |`)
  return ['| What | Version | Outcome | Note |', '| --- | --- | --- | --- |', ...lines].join('\n')
}

/** Runs a program to its end. `output` is everything that it wrote; never rejects. */
export function run(command, args, options = {}) {
  const { input, ...rest } = options
  return new Promise((resolve) => {
    const settings = { timeout: 400_000, maxBuffer: 2 ** 26, ...rest }
    const child = execFile(command, args, settings, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1
      resolve({ code, stdout, stderr, output: stdout + stderr + (code === 0 ? '' : String(error?.message ?? '')) })
    })
    child.stdin.on('error', () => undefined)
    child.stdin.end(input ?? '')
  })
}

/** Runs a program that must print `expected`. */
export async function runFor(expected, command, args, options) {
  const { code, stdout, output } = await run(command, args, options)
  return { code: code === 0 && !stdout.includes(expected) ? 1 : code, output }
}

/** A folder with these packages from the registry and, where one is given, the tarball. Undefined where that fails. */
export async function folderWith(context, name, packages, { fields = {}, files = {}, type = 'module' } = {}) {
  const folder = path.join(context.cache, name)
  const { code, output } = await installInto(folder, packages, { private: true, type, ...fields })
  if (code !== 0) {
    reportSkipped(name, `packages cannot be installed: ${output.trim().split('\n').at(-1)}`)
    return undefined
  }
  for (const [file, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true })
    await writeFile(path.join(folder, file), text)
  }
  for (const file of ['smoke.js', 'worker.js', 'bundled.js'])
    await copyFile(path.join(FOLDER, file), path.join(folder, file))
  return folder
}

async function installInto(folder, packages, manifest) {
  await mkdir(folder, { recursive: true })
  const file = path.join(folder, 'package.json')
  if (!existsSync(file)) await writeFile(file, JSON.stringify(manifest))
  return run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...packages], { cwd: folder })
}

/** The version of a package that is installed in a folder. */
export async function versionIn(folder, name) {
  const script = `console.log(JSON.parse(fs.readFileSync('node_modules/${name}/package.json')).version)`
  return (await run(process.execPath, ['-e', script], { cwd: folder })).stdout.trim()
}

/** The files that a document contains: blocks of code with a name. */
export async function codeBlocks(document) {
  const text = await readFile(path.join(PROJECT, document), 'utf8')
  const blocks = text.matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms)
  return [...blocks].map(([, name, code]) => ({ name, text: code }))
}
