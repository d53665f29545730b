/** The library in what bundlers make of it, with the configurations of the guide's page. */
import { cp, rm } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { codeBlocks, EXPECTED, folderWith, report, run, runFor, versionIn } from './tools.js'

const PACKAGES = [
  'esbuild',
  'rollup',
  '@rollup/plugin-node-resolve',
  '@rollup/plugin-commonjs',
  '@rollup/plugin-json',
  'webpack',
  'webpack-cli',
  'tsup',
  'typescript@5',
]

/** Each: the package, the format, the command, and the file that is made. */
const BUNDLERS = [
  ['esbuild', 'cjs', 'bash esbuild-cjs.sh', 'main.cjs'],
  ['esbuild', 'esm', 'bash esbuild-esm.sh', 'main.mjs'],
  ['rollup', 'esm', 'npx rollup --config rollup.config.mjs', 'main.mjs'],
  ['webpack', 'cjs', 'npx webpack --config webpack.config.cjs', 'main.cjs'],
  ['tsup', 'cjs', 'npx tsup', 'bundled.cjs'],
]

const TSUP_ESM = 'npx tsup bundled.js --no-config --format esm --target node20 --out-dir out'

export async function bundlers(context) {
  const blocks = await codeBlocks('docs/guides/bundlers.md')
  const files = Object.fromEntries(blocks.map(({ name, text }) => [name, text]))
  const folder = await folderWith(context, 'bundlers', [context.tarball, ...PACKAGES], { files })
  if (folder === undefined) return
  const out = path.join(folder, 'out')
  for (const [index, [name, format, command, file]] of BUNDLERS.entries()) {
    // Nothing is installed in the folders above it.
    const alone = path.join(context.work, `bundle-${index}`)
    await tryBundle(folder, name, format, command, async () => {
      await cp(out, alone, { recursive: true })
      return runFor(EXPECTED, process.execPath, [file], { cwd: alone })
    })
  }
  await tryBundle(folder, 'tsup', 'esm, dependencies outside', TSUP_ESM, () =>
    runFor(EXPECTED, process.execPath, [path.join(out, 'bundled.js')], { cwd: folder }),
  )
}

async function tryBundle(folder, name, format, command, runBundle) {
  const row = { what: `${name}, ${format}`, version: await versionIn(folder, name) }
  await rm(path.join(folder, 'out'), { recursive: true, force: true })
  // What is not installed must not be fetched.
  const built = await run('bash', ['-c', command], { cwd: folder, env: { ...process.env, npm_config_offline: 'true' } })
  report({ ...row, ...(built.code === 0 ? await runBundle() : built) })
}
