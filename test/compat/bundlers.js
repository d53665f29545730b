/** The library in what bundlers make of it: the bundle must build and then run where nothing is installed. */
import path from 'node:path'
import process from 'node:process'
import { codeBlocks, EXPECTED, folderWith, report, run, runFor, versionIn } from './tools.js'

/** CommonJS packages need a `require`, which a module does not have. */
const REQUIRE = `import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);`

const WEBPACK = `module.exports = {
  mode: 'production', target: 'node20', entry: './bundled.js',
  output: { path: __dirname + '/out-webpack', filename: 'main.cjs' },
}`

/** Undici asks for node:sqlite when it is used; the plugin must leave it where it is. */
const ROLLUP = `import resolve from '@rollup/plugin-node-resolve'
import commonjs from '@rollup/plugin-commonjs'
import json from '@rollup/plugin-json'
export default {
  input: 'bundled.js',
  output: { file: 'out-rollup/main.mjs', format: 'esm', inlineDynamicImports: true },
  plugins: [resolve({ preferBuiltins: true, exportConditions: ['node'] }), commonjs({ ignore: ['node:sqlite'] }), json()],
  external: /^node:/,
}`

const esbuild = (format, ...flags) => [
  'esbuild',
  'bundled.js',
  '--bundle',
  '--platform=node',
  `--format=${format}`,
  ...flags,
]

const TSUP_CJS = `export default {
  entry: ['bundled.js'], format: ['cjs'], target: 'node20', noExternal: [/.*/], outDir: 'out-tsup-cjs',
}`

const TSUP_ESM = [
  'tsup',
  'bundled.js',
  '--no-config',
  '--format',
  'esm',
  '--target',
  'node20',
  '--out-dir',
  'out-tsup-esm',
]

/** Each: the package, the arguments of `npx`, and the file that is made. */
const BUNDLERS = [
  ['esbuild', 'cjs', esbuild('cjs', '--outfile=out-cjs/main.cjs'), 'out-cjs/main.cjs'],
  ['esbuild', 'esm', esbuild('esm', '--outfile=out-esm/main.mjs', `--banner:js=${REQUIRE}`), 'out-esm/main.mjs'],
  ['rollup', 'esm', ['rollup', '--config', 'rollup.config.mjs'], 'out-rollup/main.mjs'],
  ['webpack', 'cjs', ['webpack', '--config', 'webpack.config.cjs'], 'out-webpack/main.cjs'],
  ['tsup', 'cjs', ['tsup'], 'out-tsup-cjs/bundled.cjs'],
  ['tsup', 'esm, dependencies outside', TSUP_ESM, 'out-tsup-esm/bundled.js'],
]

export async function bundlers(context) {
  const packages = [
    'esbuild',
    'rollup',
    '@rollup/plugin-node-resolve',
    '@rollup/plugin-commonjs',
    '@rollup/plugin-json',
  ]
  const folder = await folderWith(
    context,
    'bundlers',
    [context.tarball, ...packages, 'webpack', 'webpack-cli', 'tsup', 'typescript@5'],
    { files: { 'webpack.config.cjs': WEBPACK, 'rollup.config.mjs': ROLLUP, 'tsup.config.mjs': TSUP_CJS } },
  )
  if (folder === undefined) return
  for (const [name, format, args, file] of BUNDLERS) {
    const what = `${name}, ${format}`
    const version = await versionIn(folder, name)
    const built = await run('npx', ['--no-install', ...args], { cwd: folder })
    if (built.code !== 0) {
      report({ what, version, ...built })
      continue
    }
    const place = path.join(folder, file)
    report({ what, version, ...(await runFor(EXPECTED, process.execPath, [place], { cwd: path.dirname(place) })) })
  }
}

/** The guide's handler of a web-standard `Request` as a route of Next.js, built without a bucket and then called. */
export async function next(context) {
  const blocks = await codeBlocks('docs/guides/incoming-uploads.md')
  const route = blocks.find(({ name }) => name === 'request.ts').text
  const layout = `export default function Layout({ children }: { children: React.ReactNode }) { return <html><body>{children}</body></html> }`
  const folder = await folderWith(
    context,
    'next',
    [context.tarball, 'next@16', 'react', 'react-dom', 'typescript@5', '@types/react', '@types/node@20'],
    {
      files: {
        'app/layout.tsx': layout,
        'app/files/[name]/route.ts': route,
        // A route that is prepared at build time runs what stands at the top of the module.
        'next.config.mjs': 'export default { turbopack: { root: import.meta.dirname } }',
        'serve.mjs': SERVE_NEXT,
      },
    },
  )
  if (folder === undefined) return
  const version = await versionIn(folder, 'next')
  const env = { ...withoutBucket(), NEXT_TELEMETRY_DISABLED: '1' }
  const built = await run('npx', ['--no-install', 'next', 'build'], { cwd: folder, env })
  const what = 'Next.js, Turbopack'
  if (built.code !== 0) return report({ what, version, ...built })
  report({ what, version, ...(await runFor('201 7', process.execPath, ['serve.mjs'], { cwd: folder, env })) })
}

function withoutBucket() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:OSS|OBS|AWS)_/.test(name)))
}

/** Starts the built application beside an embedded store, and sends it a file. */
const SERVE_NEXT = `import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { startEmulator } from 'oss-upload-stream/emulator'
const { endpoint, region, credentials, close } = await startEmulator()
const variables = { OSS_BUCKET: 'bucket', OSS_ENDPOINT: endpoint, OSS_REGION: region,
  OSS_ACCESS_KEY_ID: credentials.accessKeyId, OSS_ACCESS_KEY_SECRET: credentials.accessKeySecret }
const port = await new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address()
    server.close(() => resolve(port))
  })
})
const app = spawn(process.execPath, ['node_modules/next/dist/bin/next', 'start', '-H', '127.0.0.1', '-p', String(port)],
  { env: { ...process.env, ...variables }, stdio: ['ignore', 'inherit', 'inherit'] })
try {
  let response
  for (let attempt = 0; response === undefined && attempt < 300; attempt += 1) {
    response = await fetch('http://127.0.0.1:' + port + '/files/one', { method: 'PUT', body: 'content' }).catch(() => delay(200))
  }
  const { size } = await response.json()
  console.log(response.status, size)
} finally {
  app.kill()
  await close()
}
`
