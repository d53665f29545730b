/** The servers of the guide, built where that is usual, in front of an emulator. */
import process from 'node:process'
import { codeBlocks, folderWith, report, run, runFor, versionIn } from './tools.js'

const PACKAGES = [
  'express@5',
  'fastify@5',
  'koa',
  'hono',
  '@hono/node-server',
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/platform-express',
  'reflect-metadata',
  'rxjs',
  'typescript@5',
  '@types/express@5',
  '@types/koa',
  '@types/node@20',
]

const TSCONFIG = JSON.stringify({
  compilerOptions: {
    module: 'nodenext',
    target: 'es2022',
    strict: true,
    skipLibCheck: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    types: ['node'],
  },
  include: ['*.ts'],
})

/** Each: its name, and the package whose version counts. */
const FRAMEWORKS = [
  ['Express', 'express'],
  ['Fastify', 'fastify'],
  ['Koa', 'koa'],
  ['Nest', '@nestjs/core'],
  ['Hono', 'hono'],
]

/** A whole body is stored; one that is too large gets 413; of one that breaks off, nothing is stored. */
export async function frameworks(context) {
  const pages = ['docs/guides/incoming-uploads.md', 'docs/guides/frameworks.md']
  const blocks = (await Promise.all(pages.map((page) => codeBlocks(page)))).flat()
  const modules = blocks.filter(({ name }) => name !== 'forms.ts').map(({ name, text }) => [name, withMaxSize(text)])
  const files = { ...Object.fromEntries(modules), 'tsconfig.json': TSCONFIG, 'serve.mjs': SERVE }
  const folder = await folderWith(context, 'frameworks', [context.tarball, ...PACKAGES], { files })
  if (folder === undefined) return
  const compiled = await run('npx', ['--no-install', 'tsc', '-p', '.'], { cwd: folder })
  if (compiled.code !== 0) report({ what: 'Frameworks, compiled', version: '', ...compiled })
  for (const [what, name] of FRAMEWORKS) {
    const args = ['serve.mjs', what.toLowerCase()]
    const outcome = await runFor('201, 413, nothing left', process.execPath, args, {
      cwd: folder,
      env: withoutBucket(),
    })
    report({ what, version: await versionIn(folder, name), ...outcome })
  }
}

/** Serves one of the modules, and is its client. */
const SERVE = `import { createServer, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { startEmulator } from 'oss-upload-stream/emulator'
import { openStore } from 'oss-upload-stream'

const { endpoint, region, credentials, close } = await startEmulator()
Object.assign(process.env, { OSS_BUCKET: 'bucket', OSS_ENDPOINT: endpoint, OSS_REGION: region,
  OSS_ACCESS_KEY_ID: credentials.accessKeyId, OSS_ACCESS_KEY_SECRET: credentials.accessKeySecret })
const store = openStore({ bucket: 'bucket', endpoint, region, credentials })

const name = process.argv[2]
const { app } = await import('./' + name + '.js')
const start = {
  express: () => listen(createServer(app)),
  fastify: () => app.listen({ port: 0, host: '127.0.0.1' }).then(() => app.server),
  koa: () => listen(createServer(app.callback())),
  nest: () => app.listen(0, '127.0.0.1'),
  hono: async () => listen((await import('@hono/node-server')).createAdaptorServer({ fetch: app.fetch })),
}
const server = await start[name]()
const { port } = server.address()

async function listen(server) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

const put = (key, body) =>
  fetch('http://127.0.0.1:' + port + '/files/' + key, { method: 'PUT', headers: { 'content-type': 'application/json' }, body })

async function statusOfAll() {
  const bytes = Buffer.alloc(9_000_000, '{"a":1}\\n')
  const stored = await put('whole', bytes)
  const { size } = await stored.json()
  if (size !== bytes.length || (await store.head('files/whole')).size !== size) return 'not all was stored'
  const large = await put('large', Buffer.alloc(12_000_000))
  const broken = request({ port, method: 'PUT', path: '/files/broken', headers: { 'content-length': 9_500_000 } })
  broken.on('error', () => undefined)
  broken.write(bytes)
  for (let left = 600; (await unfinished()) === 0 && left > 0; left -= 1) await delay(50)
  broken.destroy()
  for (let left = 600; (await unfinished()) > 0 && left > 0; left -= 1) await delay(50)
  const keys = []
  for await (const { key } of store.list()) keys.push(key)
  const isClean = (await unfinished()) === 0 && keys.join() === 'files/whole'
  return stored.status + ', ' + large.status + ', ' + (isClean ? 'nothing left' : 'left: ' + keys.join())
}

async function unfinished() {
  let count = 0
  for await (const upload of store.listMultipartUploads()) count += upload === undefined ? 0 : 1
  return count
}

console.log(await statusOfAll())
await store.close()
await close()
process.exit()
`

/** The limit of the guide is too large to be exceeded here. */
function withMaxSize(text) {
  return text.replace('maxSize = 5 * 1024 ** 3', 'maxSize = 10_000_000')
}

/** The guide's handler of a web-standard `Request` as a route of Next.js, built without a bucket and then called. */
export async function next(context) {
  const blocks = await codeBlocks('docs/guides/frameworks.md')
  const route = withMaxSize(blocks.find(({ name }) => name === 'request.ts').text)
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
  report({ what, version, ...(await runFor('201 7, 413', process.execPath, ['serve.mjs'], { cwd: folder, env })) })
}

function withoutBucket() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:OSS|OBS|AWS)_/.test(name)))
}

/** Starts the built application beside an emulator, and sends it a file. */
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
const put = (body) => fetch('http://127.0.0.1:' + port + '/files/one', { method: 'PUT', body })
const app = spawn(process.execPath, ['node_modules/next/dist/bin/next', 'start', '-H', '127.0.0.1', '-p', String(port)],
  { env: { ...process.env, ...variables }, stdio: ['ignore', 'inherit', 'inherit'] })
try {
  let response
  for (let attempt = 0; response === undefined && attempt < 300; attempt += 1) {
    response = await put('content').catch(() => delay(200))
  }
  const { size } = await response.json()
  const large = await put(new Uint8Array(12_000_000))
  console.log(response.status + ' ' + size + ', ' + large.status)
} finally {
  app.kill()
  await close()
}
`
