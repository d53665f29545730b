/** Checks the host of a store before any request: whether its name resolves, and whether its certificate is trusted. */
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { isIP } from 'node:net'
import { connect } from 'node:tls'
import { countOf } from '../../options/counts.js'
import { failure, type Line, note, ok } from './lines.js'

const LOOK_MS = 5_000
const DAY_MS = 86_400_000

/** Days. A certificate that expires sooner should have been renewed. */
const SOON_DAYS = 14

/** Errors of connecting, not of TLS; the requests report them. */
const CONNECTION_ERRORS: readonly string[] = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EPIPE',
]

/** Checks the host of a URL. Behind a proxy nothing can be checked: the proxy resolves the name. */
export async function lookAtEndpoint(location: string, proxy: string | undefined): Promise<Line[]> {
  const url = new URL(location)
  if (proxy !== undefined) return [ok('host', `${url.host}, through the proxy of ${proxy}`)]
  const host = await hostLine(url)
  return host.result === 'FAIL' ? [host] : [host, ...(await tlsLines(url))]
}

/** Returns the variable that names a proxy for the URL; undefined where there is none. */
export function proxyFor(location: string, environment: NodeJS.ProcessEnv): string | undefined {
  const names = location.startsWith('https:') ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy']
  return names.find((name) => (environment[name] ?? '') !== '')
}

async function hostLine({ hostname, host }: URL): Promise<Line> {
  if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0) return ok('host', host)
  try {
    const [first, ...others] = await lookup(hostname, { all: true })
    const more = others.length === 0 ? '' : `, and ${countOf(others.length, 'other')}`
    return ok('host', `${host} is ${first?.address ?? 'unknown'}${more}`)
  } catch (error) {
    return failure('host', error)
  }
}

async function tlsLines({ protocol, hostname, port }: URL): Promise<Line[]> {
  if (protocol === 'http:') {
    const isHere = /^(?:localhost|127\..*|\[::1\])$/.test(hostname)
    if (isHere) return [ok('TLS', 'none, on this machine')]
    return [note('TLS', 'none: anyone on the network can read the data', 'use an endpoint that starts with https://')]
  }
  const host = hostname.replace(/^\[|\]$/g, '')
  const socket = connect({ host, port: Number(port || 443), ...(isIP(host) === 0 ? { servername: host } : {}) })
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(LOOK_MS) })
    const until = new Date(socket.getPeerCertificate().valid_to)
    const days = Math.floor((until.getTime() - Date.now()) / DAY_MS)
    const text = `${socket.getProtocol() ?? 'TLS'}, the certificate is valid for ${countOf(days, 'day')}`
    return [days < SOON_DAYS ? note('TLS', text, 'the certificate has to be renewed soon') : ok('TLS', text)]
  } catch (error) {
    const { code = '', name } = error as NodeJS.ErrnoException
    return name === 'AbortError' || CONNECTION_ERRORS.includes(code) ? [] : [failure('TLS', error)]
  } finally {
    socket.on('error', () => undefined).destroy()
  }
}
