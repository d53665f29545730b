/** Finds the proxy for the requests of a store. HTTP and HTTPS are both tunneled, so a proxy only sees the host. */
import type { EnvHttpProxyAgent } from 'undici/index.js'
import { hideUserInfo } from '../shared/check-option.js'
import { UploadError } from '../shared/errors.js'
import type { Undici } from './undici.js'

/** `'environment'`, or the URL of a proxy. */
export type ProxyOption = 'environment' | (string & {})

export interface Proxy {
  url: string
  /** Hosts that are connected to directly, in the format of `NO_PROXY`. */
  except: string
}

/**
 * Returns the proxy for requests to `origin`. The environment is read as by curl: `https_proxy` or `HTTPS_PROXY`, and
 * `http_proxy` for an endpoint without TLS. `HTTP_PROXY` is ignored, as a CGI program gets it from a request header.
 * Throws UploadError, without the password, if the value is invalid.
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

/** Creates an agent with two time limits: to connect to the proxy, and for the proxy to connect. */
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
  // Like curl, accept a host and a port without a scheme.
  const text = typeof value === 'string' && !value.includes('://') ? `http://${value}` : value
  if (typeof text === 'string' && isProxyUrl(text)) return text
  const shown = typeof value === 'string' ? JSON.stringify(hideUserInfo(value)) : typeof value
  throw new UploadError(
    'INVALID_OPTION',
    `${name} must be the URL of an HTTP proxy, such as http://proxy.example.com:3128 (got ${shown})`,
  )
}

/** Returns whether the HTTP client accepts the URL: nothing may follow the port, and user name and password must decode. */
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
