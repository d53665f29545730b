/** Which proxy the requests of a store go through. HTTP and HTTPS alike are tunnelled: a proxy sees the host, no more. */
import type { EnvHttpProxyAgent } from 'undici/index.js'
import { hideUserInfo } from '../shared/check-option.js'
import { UploadError } from '../shared/errors.js'
import type { Undici } from './undici.js'

/** Accepted: `'environment'`, or the URL of a proxy. */
export type ProxyOption = 'environment' | (string & {})

export interface Proxy {
  url: string
  /** Hosts to go to directly, as `NO_PROXY` has them. */
  except: string
}

/**
 * The proxy for requests to `origin`. From the environment it is read as curl reads it: `https_proxy` or `HTTPS_PROXY`,
 * or else, for an endpoint without TLS, `http_proxy`. Its capitals are not heeded: where requests become CGI variables,
 * whoever sends one could set them. Throws UploadError where the value is not acceptable, without its password.
 */
export function proxyOf(option: unknown, origin: string, environment: NodeJS.ProcessEnv): Proxy | undefined {
  if (option !== 'environment') return { url: checkProxyUrl('proxy', option), except: '' }
  const names = origin.startsWith('https:') ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy']
  const name = names.find((variable) => environment[variable])
  if (name === undefined) return undefined
  return {
    url: checkProxyUrl(name, environment[name]),
    except: environment['no_proxy'] ?? environment['NO_PROXY'] ?? '',
  }
}

/** Two time limits: to connect to the proxy, and for the proxy to connect. */
export function proxyAgent(
  { EnvHttpProxyAgent, Pool }: Undici,
  { url, except }: Proxy,
  connectMs: number,
  options: EnvHttpProxyAgent.Options,
): EnvHttpProxyAgent {
  return new EnvHttpProxyAgent({
    ...options,
    httpProxy: url,
    httpsProxy: url,
    noProxy: except,
    proxyTls: { timeout: connectMs },
    requestTls: { timeout: connectMs },
    clientFactory: (proxy, settings) => new Pool(proxy, { ...settings, headersTimeout: connectMs }),
  })
}

function checkProxyUrl(name: string, value: unknown): string {
  // A host and a port are enough for curl, and so for everybody who sets these variables.
  const text = typeof value === 'string' && !value.includes('://') ? `http://${value}` : value
  if (typeof text === 'string' && isProxyUrl(text)) return text
  const shown = typeof value === 'string' ? JSON.stringify(hideUserInfo(value)) : typeof value
  throw new UploadError(
    'INVALID_OPTION',
    `${name} must be the URL of an HTTP proxy, such as http://proxy.example.com:3128 (got ${shown})`,
  )
}

/** Whether the HTTP client takes it: nothing may follow the port, and it decodes user name and password. */
function isProxyUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, pathname, search, hash, username, password } = new URL(text)
  return ['http:', 'https:'].includes(protocol) && pathname + search + hash === '/' && isDecodable(username + password)
}

function isDecodable(encoded: string): boolean {
  try {
    decodeURIComponent(encoded)
    return true
  } catch {
    return false
  }
}
