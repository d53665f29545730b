/** Installing the tarball: it must end with status 0 and without a warning about the package's own install scripts. */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { EXPECTED, folderWith, FOLDER, report, run, runFor } from './tools.js'
import { readFile } from 'node:fs/promises'

const WARNING = /IGNORED_BUILDS|install-scripts|ignored build|crc64|must be built/i

export async function packageManagers(context) {
  const npm = { file: 'npm', version: (await run('npm', ['--version'])).stdout.trim() }
  await tryInstall(context, 'npm', npm, { args: ['install', '--no-audit', '--no-fund'] })

  const pnpmFolder = await folderWith(context, 'pnpm-12', ['pnpm@12'])
  if (pnpmFolder !== undefined) {
    const file = path.join(pnpmFolder, 'node_modules/.bin/pnpm')
    const pnpm = { file, version: (await run(file, ['--version'])).stdout.trim() }
    await tryInstall(context, 'pnpm', pnpm, {
      args: ['install', '--no-frozen-lockfile'],
      again: ['install', '--frozen-lockfile'],
    })
  }

  const yarnFolder = await folderWith(context, 'yarn-4', ['@yarnpkg/cli-dist@4'])
  if (yarnFolder !== undefined) {
    const script = path.join(yarnFolder, 'node_modules/@yarnpkg/cli-dist/bin/yarn.js')
    const version = (await run(process.execPath, [script, '--version'])).stdout.trim()
    const yarn = { file: process.execPath, before: [script], version }
    const files = { '.yarnrc.yml': 'enableGlobalCache: false\nenableTelemetry: false\n', 'yarn.lock': '' }
    await tryInstall(context, "yarn, Plug'n'Play", yarn, {
      args: ['install', '--no-immutable'],
      files,
      start: ['node'],
    })
  }
}

async function tryInstall(context, what, { file, before = [], version }, { args, again, files = {}, start }) {
  const folder = path.join(context.work, `installed-${what.replaceAll(/\W/g, '')}`)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder)
  const dependencies = { 'oss-upload-stream': `file:${context.tarball}` }
  await writeFile(
    path.join(folder, 'package.json'),
    JSON.stringify({ name: 'app', private: true, type: 'module', dependencies }),
  )
  await writeFile(path.join(folder, 'bundled.js'), await readFile(path.join(FOLDER, 'bundled.js')))
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text)
  for (const call of again === undefined ? [args] : [args, again]) {
    const { code, output } = await run(file, [...before, ...call], { cwd: folder })
    if (code === 0 && !WARNING.test(output)) continue
    report({ what, version, code: 1, output: `${call.join(' ')} ended with ${code}\n${output}` })
    return
  }
  const [command, ...own] = start === undefined ? [process.execPath] : [file, ...before, ...start]
  report({ what, version, ...(await runFor(EXPECTED, command, [...own, 'bundled.js'], { cwd: folder })) })
}
