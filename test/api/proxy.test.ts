/** Uploads through a real proxy, on sockets. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, connect } from 'node:net'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { describe, it, type TestContext } from 'node:test'
import { createServer } from 'node:tls'
import { ProxyAgent } from 'undici'
import { openStore } from '../../src/index.js'
import { KiB } from '../../src/shared/byte-size.js'
import { readAll, someBytes } from '../support/bytes.js'
import { selfSignedCertificate } from '../support/certificate.js'
import { run } from '../support/commands.js'
import { connectProxy } from '../support/connect-proxy.js'
import { emulatedStore } from '../support/emulated-store.js'
import { invalidOption, uploadError } from '../support/errors.js'
import { environmentOf } from '../support/examples.js'
import { setEnvironment } from '../support/environment.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const PART = 100 * KiB
const BYTES = someBytes(3 * PART + 1)

/** HTTPS before an emulator, with a certificate that nobody knows but who reads the file. */
async function secured(t: TestContext, endpoint: string): Promise<{ url: string; file: string } | undefined> {
  const identity = selfSignedCertificate()
  if (identity === undefined) {
    t.skip('openssl is not there to make a certificate')
    return undefined
  }
  const server = createServer(identity, (socket) => {
    const inner = connect(Number(new URL(endpoint).port), '127.0.0.1')
    for (const one of [socket, inner]) one.on('error', () => undefined)
    socket.pipe(inner).pipe(socket)
    socket.once('close', () => inner.destroy())
    inner.once('close', () => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const file = path.join(await temporaryFolder(t), 'certificate.pem')
  await writeFile(file, identity.cert)
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, file }
}

/** Uploads in a process of its own, which may trust other certificates. What it printed: parts, or the error's code. */
function uploadElsewhere(environment: NodeJS.ProcessEnv, options: string): Promise<string> {
  const script = `import { openStore } from 'oss-upload-stream'
    const store = openStore(${options})
    const upload = store.createUploadStream('key', { partSize: ${PART} })
    upload.on('error', () => undefined).end(Buffer.alloc(${3 * PART + 1}))
    await upload.done.then(({ parts }) => console.log(parts), ({ code, message }) => console.log(code, message))
    await store.close()`
  return run([
    'env',
    ...Object.entries(environment).map(([name, value]) => `${name}=${value ?? ''}`),
    process.execPath,
    '--input-type=module',
    '-e',
    script,
  ])
}

describe('a store behind a proxy', () => {
  it('goes through a dispatcher that is one', async (t) => {
    const { emulator, open } = await emulatedStore(t)
    const proxy = await connectProxy(t)
    const dispatcher = new ProxyAgent(proxy.url)
    t.after(() => dispatcher.close())
    const store = open({ dispatcher })
    await pipeline([BYTES], store.createUploadStream('a/../b', { partSize: PART }))
    assert.deepEqual(await readAll((await store.get('a/../b')).body), BYTES)
    assert.ok(proxy.tunnels.length > 0)
    for (const { target } of proxy.tunnels) assert.equal(target, new URL(emulator.endpoint).host)
  })

  it('goes through the given proxy, which only sees the host', async (t) => {
    const { emulator, open } = await emulatedStore(t)
    const proxy = await connectProxy(t)
    const store = open({ proxy: `http://user:p%40ss@${proxy.host}` })
    await pipeline([BYTES], store.createUploadStream('a/../b', { partSize: PART }))
    assert.deepEqual(await readAll((await store.get('a/../b')).body), BYTES)
    assert.ok(proxy.tunnels.length > 0)
    for (const { target, headers } of proxy.tunnels) {
      assert.equal(target, new URL(emulator.endpoint).host)
      assert.equal(headers['proxy-authorization'], `Basic ${Buffer.from('user:p@ss').toString('base64')}`)
      assert.equal(headers.authorization, undefined)
    }
    assert.deepEqual(proxy.requests, [])
    // None goes past it, not even one that is opened in advance.
    assert.ok(emulator.openConnections <= proxy.tunnels.length)
  })

  it('reads the environment with an option', async (t) => {
    const { emulator, open } = await emulatedStore(t)
    const proxy = await connectProxy(t)
    const upload = (name: string): Promise<void> =>
      pipeline([BYTES], open({ proxy: 'environment' }).createUploadStream(name, { partSize: PART }))
    const variables = environmentOf(emulator)
    setEnvironment(t, { ...variables, http_proxy: proxy.host, no_proxy: 'example.com, 127.0.0.1' })
    await upload('not for this host')
    assert.deepEqual(proxy.tunnels, [])
    process.env['no_proxy'] = 'example.com'
    await upload('for this host')
    assert.ok(proxy.tunnels.length > 0)
    t.after(() => {
      delete process.env['http_proxy']
      delete process.env['no_proxy']
    })
  })

  it('tunnels TLS, which it checks as ever', async (t) => {
    const { emulator } = await emulatedStore(t)
    const https = await secured(t, emulator.endpoint)
    if (https === undefined) return
    const proxy = await connectProxy(t)
    const environment = { ...environmentOf(emulator), OSS_ENDPOINT: https.url, HTTPS_PROXY: proxy.url, NO_PROXY: '' }
    const strange = await uploadElsewhere(environment, `{ proxy: 'environment', retry: { maxAttempts: 1 } }`)
    assert.match(strange, /^NETWORK .*certificate is not accepted/)
    const known = { ...environment, NODE_EXTRA_CA_CERTS: https.file }
    assert.equal(await uploadElsewhere(known, `{ proxy: 'environment' }`), '4\n')
    const before = proxy.tunnels.length
    assert.ok(before >= 2)
    assert.equal(await uploadElsewhere(known, '{}'), '4\n')
    assert.equal(proxy.tunnels.length, before)
    assert.equal(await uploadElsewhere({ ...known, NODE_USE_ENV_PROXY: '1' }, '{}'), '4\n')
    assert.ok(proxy.tunnels.length > before)
  })

  it('says that the proxy refuses, and gives nothing of its password away', async (t) => {
    const { open } = await emulatedStore(t)
    const { host } = await connectProxy(t, 407)
    const upload = open({ proxy: `http://user:secret@${host}`, retry: { maxAttempts: 2 } }).createUploadStream('key')
    upload.on('error', () => undefined).end('x')
    const error: unknown = await upload.done.catch((reason: unknown) => reason)
    assert.ok(uploadError('NETWORK', 'the proxy refused to connect, with status 407', 'after 2 attempts')(error))
    assert.ok(!JSON.stringify(error, Object.getOwnPropertyNames(error)).includes('secret'))
  })

  it('does not wait indefinitely for one that never responds', async (t) => {
    const { open } = await emulatedStore(t)
    const { url } = await connectProxy(t, 0)
    const store = open({ proxy: url, retry: { maxAttempts: 1 }, timeouts: { connectMs: 100 } })
    await assert.rejects(store.head('key'), uploadError('TIMEOUT'))
  })
})

describe('the option proxy', () => {
  const place = { bucket: 'test-bucket', region: 'cn-test', credentials: { accessKeyId: 'i', accessKeySecret: 's' } }

  it('must be a proxy that is known', () => {
    for (const proxy of [
      '',
      'socks5://host:1',
      'http://',
      'http://user:secret@host:port',
      7,
      {},
      'http://user:pa/secret@host:1',
      'http://user:p@secret@host:port',
      'http://host:1/path',
      'http://user:%secret@host:1',
    ]) {
      assert.throws(
        () => openStore({ ...place, proxy: proxy as string }),
        (error: Error) => invalidOption('proxy', 'must be')(error) && !error.message.includes('secret'),
      )
    }
  })

  it('names the variable that is not acceptable', (t) => {
    t.after(() => delete process.env['https_proxy'])
    process.env['https_proxy'] = 'http://user:secret@host:port'
    assert.throws(
      () => openStore({ ...place, proxy: 'environment' }),
      (error: Error) => invalidOption('https_proxy', '***@host:port')(error) && !error.message.includes('secret'),
    )
  })

  it('leaves HTTP_PROXY alone, which strangers can set where requests become variables', (t) => {
    t.after(() => delete process.env['HTTP_PROXY'])
    process.env['HTTP_PROXY'] = 'http://user:secret@host:port'
    openStore({ ...place, endpoint: 'http://oss.example.com', proxy: 'environment' })
  })

  it('is not for a dispatcher as well', (t) => {
    const dispatcher = new ProxyAgent('http://127.0.0.1:1')
    t.after(() => dispatcher.close())
    assert.throws(
      () => openStore({ ...place, proxy: 'environment', dispatcher }),
      invalidOption('dispatcher', 'one of them'),
    )
  })
})
