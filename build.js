/**
 * Builds what the package contains: the library, the emulator and the command, each as one CommonJS file with a module
 * that exports the same names, and one file of declarations for each way to load it.
 *
 * One implementation serves `import` and `require()`, so a process never has two copies of it. CommonJS it is because it
 * loads everywhere: Jest and older bundlers cannot `require()` a module, and one file starts faster than 250.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { inject } from 'postject'
import { rollup } from 'rollup'
import { dts } from 'rollup-plugin-dts'

const ROOT = import.meta.dirname
const DIST = path.join(ROOT, 'dist')

/** Where the sources of each file are. */
const LIBRARIES = { index: 'src/index.ts', emulator: 'src/emulator/index.ts' }
const COMMAND = { ossup: 'src/cli/main.ts' }

/** The command as one file and as one executable, neither of which is part of the package. */
const STANDALONE = path.join(ROOT, 'standalone')

/** `--no-types` leaves out the declarations, which take most of the time. `--standalone` builds the command alone. */
const { values } = parseArgs({
  options: { types: { type: 'boolean', default: true }, standalone: { type: 'boolean', default: false } },
  allowNegative: true,
})
await (values.standalone ? buildStandalone() : buildPackage())

async function buildPackage() {
  // Tests of another run may be using it.
  if (values.types) rmSync(DIST, { recursive: true, force: true })
  const banner = { js: refuseOldNode() }
  await Promise.all([bundle(LIBRARIES, { banner }), bundle(COMMAND, { plugins: [librariesApart()] })])
  for (const name of Object.keys(LIBRARIES)) writeModule(name)
  await writeManual()
  if (values.types) await writeDeclarations()
}

/** `ossup.cjs` runs wherever Node.js is; `ossup` has the Node.js in it that built it. */
async function buildStandalone() {
  rmSync(STANDALONE, { recursive: true, force: true })
  await bundle(COMMAND, { outdir: STANDALONE, packages: 'bundle', minifySyntax: true, minifyWhitespace: true })
  const script = path.join(STANDALONE, 'ossup.cjs')
  const executable = path.join(STANDALONE, process.platform === 'win32' ? 'ossup.exe' : 'ossup')
  const blob = path.join(STANDALONE, 'ossup.blob')
  const config = path.join(STANDALONE, 'sea.json')
  writeFileSync(config, JSON.stringify({ main: script, output: blob, disableExperimentalSEAWarning: true }))
  execFileSync(process.execPath, ['--experimental-sea-config', config], { stdio: ['ignore', 'ignore', 'inherit'] })
  copyFileSync(process.execPath, executable)
  chmodSync(executable, 0o755)
  // The name is the one that Node.js looks for in its own executable.
  await inject(executable, 'NODE_SEA_BLOB', readFileSync(blob), {
    sentinelFuse: 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2',
  })
  for (const file of [blob, config]) rmSync(file)
}

async function bundle(entryPoints, options = {}) {
  await build({
    entryPoints,
    absWorkingDir: ROOT,
    outdir: DIST,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'cjs',
    target: 'node20.18',
    // Jest refuses import() in CommonJS.
    supported: { 'dynamic-import': false },
    ...options,
  })
}

/** A statement before all others: what the library imports is missing in older versions, which explains nothing. */
function refuseOldNode() {
  const { name, engines } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'))
  const oldest = engines.node.replace('>=', '')
  const [major, minor, patch] = oldest.split('.').map(Number)
  return `"use strict";
(function () {
  var found = process.versions.node.split(".").map(Number);
  var difference = found[0] - ${major} || found[1] - ${minor} || found[2] - ${patch};
  if (difference < 0) throw new Error("${name} needs Node.js ${oldest} or newer (this is " + process.versions.node + ")");
})();`
}

/** The command uses the library beside it instead of a second copy. */
function librariesApart() {
  const files = new Map(Object.entries(LIBRARIES).map(([name, source]) => [path.join(ROOT, source), `./${name}.cjs`]))
  return {
    name: 'libraries-apart',
    setup({ onResolve }) {
      onResolve({ filter: /^\..*index\.js$/ }, ({ path: specifier, resolveDir }) => {
        const file = files.get(path.resolve(resolveDir, specifier).replace(/\.js$/, '.ts'))
        return file === undefined ? undefined : { path: file, external: true }
      })
    },
  }
}

/** The manual page, from the lists that the help is made of. */
async function writeManual() {
  const script = path.join(DIST, 'manual.cjs')
  await bundle({ manual: 'src/cli/commands/explain/manual.ts' }, { plugins: [librariesApart()] })
  const { manualPage } = createRequire(import.meta.url)(script)
  rmSync(script)
  writeFileSync(path.join(DIST, 'ossup.1'), manualPage())
}

/**
 * The same names for `import`. Node.js reads a CommonJS file from start to end to find its names, which takes 50 ms for the
 * library. So they are imported from a short file, which says them and loads the long one.
 */
function writeModule(name) {
  const names = Object.keys(createRequire(import.meta.url)(path.join(DIST, `${name}.cjs`))).join(', ')
  // Written otherwise, Node.js would read the long file for the names of a re-export.
  const loader = `'use strict'
const library = require('./${name}.cjs')
module.exports = library
0 && (module.exports = { ${names} })
`
  writeFileSync(path.join(DIST, `${name}-names.cjs`), loader)
  writeFileSync(path.join(DIST, `${name}.js`), `export { ${names} } from './${name}-names.cjs'\n`)
}

/** One file for each library and way to load it: the two differ in nothing but their name. */
async function writeDeclarations() {
  for (const [name, input] of Object.entries(LIBRARIES)) {
    const bundled = await rollup({
      input,
      plugins: [dts({ tsconfig: path.join(ROOT, 'tsconfig.json') })],
      external: /^node:/,
    })
    for (const extension of ['d.ts', 'd.cts']) {
      await bundled.write({ file: path.join(DIST, `${name}.${extension}`), format: 'es' })
    }
    await bundled.close()
  }
}
