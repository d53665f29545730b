import type { HttpRequest } from '../../http/http-message.js'
import type { Credentials } from '../../shared/credentials.js'

/** What is shorter is a word, not a secret. */
const SHORTEST_SECRET = 16

/** A server may repeat in an error what it was sent: keys, tokens and signatures do not come back in a message. */
export function withoutSecrets(
  text: string,
  credentials: Credentials | undefined,
  request: Pick<HttpRequest, 'headers'> | undefined,
): string {
  const { accessKeySecret = '', securityToken = '' } = credentials ?? {}
  const headers = request?.headers ?? {}
  const authorization = headers['authorization'] ?? ''
  const customerKeys = Object.entries(headers).flatMap(([name, value]) => (name.endsWith('-customer-key') ? value : []))
  return [accessKeySecret, securityToken, ...customerKeys, ...authorization.split(/[\s,:=]+/)]
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .reduce((clean, secret) => clean.replaceAll(secret, '***'), text)
}
