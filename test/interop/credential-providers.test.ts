/** The credential providers of the clouds' own SDKs, given to a store as they are: each signs a real upload. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { describe, it, type TestContext } from 'node:test'
import alicloud from '@alicloud/credentials'
import {
  fromEnv,
  fromHttp,
  fromIni,
  fromNodeProviderChain,
  fromProcess,
  fromTemporaryCredentials,
} from '@aws-sdk/credential-providers'
import { startEmulator } from '../../src/emulator/index.js'
import { type CredentialsOption, openStore } from '../../src/index.js'
import { KiB } from '../../src/shared/byte-size.js'
import { setEnvironment } from '../support/environment.js'
import { httpServer } from '../support/http-server.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const KEYS = {
  accessKeyId: 'TEMPORARY0123456789',
  accessKeySecret: 'the-secret',
  securityToken: 'the/token+of==a-session',
}
const AS_AWS = {
  AccessKeyId: KEYS.accessKeyId,
  SecretAccessKey: KEYS.accessKeySecret,
  SessionToken: KEYS.securityToken,
}
const AS_VARIABLES = {
  AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: KEYS.accessKeySecret,
  AWS_SESSION_TOKEN: KEYS.securityToken,
}

const inAnHour = (): string => new Date(Date.now() + 3_600_000).toISOString()

/** A multipart upload, signed with what `credentials` give: the emulator takes KEYS alone. */
async function uploadWith(t: TestContext, provider: 'oss' | 's3', credentials: CredentialsOption): Promise<void> {
  const emulator = await startEmulator({ credentials: KEYS, limits: { minPartSize: 100 * KiB } })
  const { region, endpoint } = emulator
  const store = openStore({ provider, bucket: 'test-bucket', region, endpoint, credentials, retry: { maxAttempts: 1 } })
  t.after(async () => {
    await store.close()
    await emulator.close()
  })
  const upload = store.createUploadStream('key', { partSize: 5120 * KiB })
  await pipeline([Buffer.alloc(5121 * KiB)], upload)
  assert.equal((await upload.done).parts, 2)
}

describe('the providers of @aws-sdk/credential-providers', () => {
  it('fromEnv()', async (t) => {
    setEnvironment(t, AS_VARIABLES)
    await uploadWith(t, 's3', fromEnv())
  })

  it('fromNodeProviderChain()', async (t) => {
    setEnvironment(t, AS_VARIABLES)
    await uploadWith(t, 's3', fromNodeProviderChain())
  })

  it('fromIni()', async (t) => {
    const file = path.join(await temporaryFolder(t), 'credentials')
    const lines = [
      '[backup]',
      `aws_access_key_id = ${KEYS.accessKeyId}`,
      `aws_secret_access_key = ${KEYS.accessKeySecret}`,
      `aws_session_token = ${KEYS.securityToken}`,
    ]
    await writeFile(file, lines.join('\n'))
    await uploadWith(t, 's3', fromIni({ profile: 'backup', filepath: file, configFilepath: file }))
  })

  it('fromProcess()', async (t) => {
    const file = path.join(await temporaryFolder(t), 'config')
    const answer = JSON.stringify({ Version: 1, ...AS_AWS, Expiration: inAnHour() })
    await writeFile(file, `[profile backup]\ncredential_process = echo '${answer}'\n`)
    await uploadWith(t, 's3', fromProcess({ profile: 'backup', filepath: file, configFilepath: file }))
  })

  it('fromHttp()', async (t) => {
    const url = await httpServer(t, (_request, response) => {
      const { SessionToken: Token, ...keys } = AS_AWS
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ ...keys, Token, Expiration: inAnHour() }))
    })
    await uploadWith(t, 's3', fromHttp({ awsContainerCredentialsFullUri: url }))
  })

  it('fromTemporaryCredentials(), which is called once for many parts', async (t) => {
    let asked = 0
    const endpoint = await httpServer(t, (_request, response) => {
      asked += 1
      const fields = Object.entries({ ...AS_AWS, Expiration: inAnHour() }).map(
        ([name, value]) => `<${name}>${value}</${name}>`,
      )
      response.setHeader('content-type', 'text/xml')
      response.end(
        `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>${fields.join('')}</Credentials></AssumeRoleResult></AssumeRoleResponse>`,
      )
    })
    const credentials = fromTemporaryCredentials({
      masterCredentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
      params: { RoleArn: 'arn:aws:iam::123456789012:role/backup' },
      clientConfig: { endpoint, region: 'eu-test-1' },
    })
    await uploadWith(t, 's3', credentials)
    assert.equal(asked, 1)
  })
})

describe('the client of @alicloud/credentials', () => {
  const { default: Client, Config } = alicloud

  it('with its own session', async (t) => {
    await uploadWith(t, 'oss', new Client(new Config({ type: 'sts', ...KEYS })))
  })

  it('with an address that hands out sessions', async (t) => {
    const url = await httpServer(t, (_request, response) => {
      const { securityToken: SecurityToken, accessKeyId: AccessKeyId, accessKeySecret: AccessKeySecret } = KEYS
      response.setHeader('content-type', 'application/json')
      response.end(
        JSON.stringify({ Code: 'Success', AccessKeyId, AccessKeySecret, SecurityToken, Expiration: inAnHour() }),
      )
    })
    await uploadWith(t, 'oss', new Client(new Config({ type: 'credentials_uri', credentialsURI: url })))
  })
})
