/** Credentials that a command prints as JSON: `credential_process` of AWS, `credential-process` of ossutil 2. */
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import type { ExpiringCredentials } from '../../index.js'

interface Printed {
  AccessKeyId?: string
  SecretAccessKey?: string
  SessionToken?: string
  /** With the names that OSS uses. */
  AccessKeySecret?: string
  SecurityToken?: string
  Expiration?: string
}

/**
 * Returns a function that runs the command; the store calls it when it needs credentials. No message contains the output of the command,
 * which consists of secrets. The command inherits standard error.
 */
export function processCredentials(
  command: string,
  where: string,
  environment: NodeJS.ProcessEnv,
): () => Promise<ExpiringCredentials> {
  return async () => {
    const child = spawn(command, { shell: true, env: environment, stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = new Promise<string>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => resolve(signal ?? `status ${code ?? 'unknown'}`))
    })
    const [ending, output] = await Promise.all([ended, text(child.stdout)])
    if (ending !== 'status 0') throw new Error(`the credential process of ${where} ended with ${ending}`)
    return readPrinted(output, where)
  }
}

function readPrinted(output: string, where: string): ExpiringCredentials {
  const printed = parse(output)
  const { AccessKeyId: accessKeyId, Expiration: expiration } = printed ?? {}
  const accessKeySecret = printed?.SecretAccessKey ?? printed?.AccessKeySecret
  const securityToken = printed?.SessionToken ?? printed?.SecurityToken
  if (accessKeyId === undefined || accessKeySecret === undefined) {
    throw new Error(`the credential process of ${where} must print JSON with AccessKeyId and SecretAccessKey`)
  }
  return { accessKeyId, accessKeySecret, securityToken, expiration }
}

function parse(output: string): Printed | undefined {
  try {
    const value: unknown = JSON.parse(output)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
