/** Credentials that are already on a machine: the files of the AWS command line, commands that print them, and roles. */
import assert from 'node:assert/strict'
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { readAwsProfile } from '../../../src/cli/access/aws-config.js'
import { MiB } from '../../../src/shared/byte-size.js'
import { type Emulator, startEmulator } from '../../../src/emulator/index.js'
import { run } from '../../support/commands.js'
import { connectProxy } from '../../support/connect-proxy.js'
import { emulatedStore } from '../../support/emulated-store.js'
import { setEnvironment } from '../../support/environment.js'
import { environmentOf } from '../../support/examples.js'
import { httpServer } from '../../support/http-server.js'
import { PROJECT } from '../../support/project.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { ossup } from '../ossup.js'

const KEYS = {
  accessKeyId: 'KEY-OF-THE-FILE',
  accessKeySecret: 'secret-of-the-file',
  securityToken: 'token-of-the-file',
}

/** What a credential process prints. */
const PRINTED = {
  Version: 1,
  AccessKeyId: KEYS.accessKeyId,
  SecretAccessKey: KEYS.accessKeySecret,
  SessionToken: KEYS.securityToken,
}

const inAnHour = (): string => new Date(Date.now() + 3_600_000).toISOString()

async function emulatorFor(t: TestContext, credentials: Parameters<typeof startEmulator>[0] = {}): Promise<Emulator> {
  const emulator = await startEmulator({ credentials: KEYS, ...credentials })
  t.after(() => emulator.close())
  return emulator
}

/** A home with the two files of the AWS command line. */
async function homeWith(t: TestContext, config: string, credentials?: string): Promise<string> {
  const home = await temporaryFolder(t)
  await mkdir(path.join(home, '.aws'))
  await writeFile(path.join(home, '.aws', 'config'), config)
  if (credentials !== undefined) await writeFile(path.join(home, '.aws', 'credentials'), credentials)
  return home
}

const put = (environment: NodeJS.ProcessEnv, ...options: string[]) =>
  ossup(undefined, ['put', 's3://test-bucket/k', ...options], { input: 'text', environment })

describe('~/.aws', () => {
  const KEYS_OF_PROFILE = `aws_access_key_id = ${KEYS.accessKeyId}\naws_secret_access_key=${KEYS.accessKeySecret}\naws_session_token = ${KEYS.securityToken}\n`

  it('gives keys, a region, an endpoint and an addressing style to the selected profile', async (t) => {
    const emulator = await emulatorFor(t, { region: 'eu-central-1' })
    const config = `[default]\nregion = us-west-2\n[profile nightly]\nregion = eu-central-1\nservices = here\ns3 =\n  addressing_style = path\n[services here]\ns3 =\n  endpoint_url = ${emulator.endpoint}\n`
    const HOME = await homeWith(t, config, `[nightly]\n${KEYS_OF_PROFILE}`)
    const byOption = await put({ HOME }, '--profile', 'nightly')
    assert.equal(byOption.code, 0, byOption.stderr)
    const byVariable = await put({ HOME, AWS_PROFILE: 'nightly' })
    assert.equal(byVariable.code, 0, byVariable.stderr)
    assert.equal(readAwsProfile('nightly', { HOME })?.addressing, 'path')
  })

  it('gives its region to keys of the environment, which have precedence over its own, unless a profile is selected', async (t) => {
    const emulator = await emulatorFor(t, { region: 'eu-central-1' })
    const HOME = await homeWith(
      t,
      `[default]\nregion = eu-central-1\nendpoint_url = ${emulator.endpoint}\n`,
      `[default]\naws_access_key_id = other\naws_secret_access_key = other\n`,
    )
    const keys = {
      AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: KEYS.accessKeySecret,
      AWS_SESSION_TOKEN: KEYS.securityToken,
    }
    const byKeys = await put({ HOME, ...keys })
    assert.equal(byKeys.code, 0, byKeys.stderr)
    const byProfile = await put({ HOME, ...keys }, '--profile', 'default')
    assert.equal(byProfile.code, 4)
    assert.match(byProfile.stderr, /InvalidAccessKeyId/)
  })

  it('is refused where a profile is missing or has half of its keys', async (t) => {
    const HOME = await homeWith(t, '[profile half]\naws_access_key_id = id\n[profile empty]\nregion = x\n')
    const missing = await put({ HOME }, '--profile', 'other')
    assert.equal(missing.code, 2)
    assert.match(missing.stderr, /there is no profile "other" in .*\.aws\/config or .*\.aws\/credentials/)
    assert.match(
      (await put({ HOME, AWS_PROFILE: 'half' })).stderr,
      /profile "half" must have both aws_access_key_id and aws_secret_access_key/,
    )
    const empty = await put({ HOME, AWS_PROFILE: 'empty' })
    assert.match(empty.stderr, /there are no credentials for s3:\/\/\n.*AWS_ACCESS_KEY_ID.*\n.*~\/\.aws\/credentials/)
  })

  it('is shown with a stack on request, without its secrets', async (t) => {
    const emulator = await emulatorFor(t)
    const HOME = await homeWith(t, `[default]\nendpoint_url = ${emulator.endpoint}\n`, `[default]\n${KEYS_OF_PROFILE}`)
    const { stderr, stdout } = await put({ HOME }, '--debug', '--region', 'wrong-1')
    assert.match(stderr, /^ {4}at /m)
    for (const secret of Object.values(KEYS)) assert.ok(!(stderr + stdout).includes(secret))
  })

  it('has files where the environment says, and names that are ignored', async (t) => {
    const folder = await temporaryFolder(t)
    const [config, credentials] = ['a', 'b'].map((name) => path.join(folder, name)) as [string, string]
    await writeFile(config, '[profile x]\nendpoint_url = https://one.example\nregion = r-1\n')
    await writeFile(credentials, '[x]\n# a comment\naws_access_key_id=id\naws_secret_access_key=secret\n')
    const environment = { AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: credentials, AWS_PROFILE: 'x' }
    const expected = { by: 'keys', keys: { accessKeyId: 'id', accessKeySecret: 'secret' } }
    assert.deepEqual(readAwsProfile(undefined, environment), {
      region: 'r-1',
      endpoint: 'https://one.example',
      addressing: undefined,
      credentials: expected,
    })
    const ignoring = { ...environment, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' }
    assert.equal(readAwsProfile(undefined, ignoring)?.endpoint, undefined)
    assert.equal(readAwsProfile(undefined, { HOME: folder }), undefined)
  })
})

describe('a credential process', () => {
  it('is run again when its credentials expire during an upload, which continues', async (t) => {
    const folder = await temporaryFolder(t)
    const runs = path.join(folder, 'runs')
    // The first credentials end, as the service sees it, when the first part is there.
    const known = new Map([1, 2].map((run) => [`KEY-${run}`, { accessKeySecret: `the-secret-${run}`, expired: false }]))
    const emulator = await emulatorFor(t, {
      credentials: (id) => {
        const first = known.get('KEY-1')
        if (first !== undefined && emulator.requests.some(({ operation }) => operation === 'UploadPart'))
          first.expired = true
        return known.get(id)
      },
    })
    const script = path.join(folder, 'credentials.sh')
    await writeFile(
      script,
      `echo >> ${runs}; run=$(wc -l < ${runs} | tr -d ' ')
echo "{\\"Version\\":1,\\"AccessKeyId\\":\\"KEY-$run\\",\\"SecretAccessKey\\":\\"the-secret-$run\\",\\"Expiration\\":\\"${inAnHour()}\\"}"\n`,
    )
    const HOME = await homeWith(
      t,
      `[default]\nregion = ${emulator.region}\nendpoint_url = ${emulator.endpoint}\ncredential_process = sh "${script}"\n`,
    )
    const options = ['--part-size', '5MiB', '--concurrency', '1']
    const { code, stdout, stderr } = await ossup(undefined, ['put', 's3://test-bucket/k', ...options], {
      input: Buffer.alloc(16 * MiB),
      environment: { HOME },
    })
    assert.equal(code, 0, stderr)
    assert.match(stdout, /in 4 parts/)
    assert.equal(await readFile(runs, 'utf8'), '\n\n')
    assert.ok(![stdout, stderr].join('').includes('the-secret'))
  })

  it('gives the credentials of a profile of ossutil 2, by the names of OSS', async (t) => {
    const emulator = await emulatorFor(t)
    const HOME = await temporaryFolder(t)
    const { accessKeyId: AccessKeyId, accessKeySecret: AccessKeySecret, securityToken: SecurityToken } = KEYS
    const printed = JSON.stringify({ Version: 1, AccessKeyId, AccessKeySecret, SecurityToken })
    await writeFile(
      path.join(HOME, '.ossutilconfig'),
      `[default]\nmode=Process\nregion=${emulator.region}\nendpoint=${emulator.endpoint}\ncredential-process=echo '${printed}'\n`,
    )
    const { code, stderr } = await ossup(undefined, ['put', 'oss://test-bucket/k'], {
      input: 'text',
      environment: { HOME },
    })
    assert.equal(code, 0, stderr)
  })

  for (const [what, command, message] of [
    ['fails', 'echo $SECRET_THING; exit 7', /credential process of profile "default" ended with status 7/],
    ['prints something else', 'echo $SECRET_THING', /must print JSON with AccessKeyId and SecretAccessKey/],
  ] as const) {
    it(`that ${what} is reported without what it printed`, async (t) => {
      const HOME = await homeWith(t, `[default]\nregion = eu-1\ncredential_process = ${command}\n`)
      const environment = { HOME, SECRET_THING: 'do-not-show' }
      const { code, stderr } = await put(environment, '--endpoint', 'http://127.0.0.1:1', '--retry-for', '0s')
      assert.equal(code, 4)
      assert.match(stderr, message)
      assert.ok(!stderr.includes('do-not-show'))
    })
  }
})

describe('roles, by the packages of the clouds', () => {
  it('are those of an instance of AWS', async (t) => {
    const emulator = await emulatorFor(t)
    const asked: string[] = []
    const metadata = await httpServer(t, (request, response) => {
      const url = request.url ?? ''
      asked.push(url)
      if (url.endsWith('/api/token')) response.end('a-token')
      else if (url.endsWith('/security-credentials/')) response.end('backup-role')
      else {
        const { SessionToken: Token, ...keys } = PRINTED
        response.end(JSON.stringify({ Code: 'Success', ...keys, Token, Expiration: inAnHour() }))
      }
    })
    // The package reads the environment of the process.
    setEnvironment(t, { AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata })
    const environment = { AWS_ENDPOINT_URL: emulator.endpoint, AWS_REGION: emulator.region }
    const { code, stderr } = await put(environment, '--credentials', 'instance')
    assert.equal(code, 0, stderr)
    assert.ok(asked.some((url) => url.endsWith('/backup-role')))
  })

  it('are assumed by a profile of AWS', async (t) => {
    const emulator = await emulatorFor(t)
    const sts = await httpServer(t, (_request, response) => {
      response.setHeader('content-type', 'text/xml')
      const { AccessKeyId, SecretAccessKey, SessionToken } = PRINTED
      response.end(
        `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>${AccessKeyId}</AccessKeyId><SecretAccessKey>${SecretAccessKey}</SecretAccessKey><SessionToken>${SessionToken}</SessionToken><Expiration>${inAnHour()}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
      )
    })
    setEnvironment(t, { AWS_ENDPOINT_URL_STS: sts })
    const HOME = await homeWith(
      t,
      `[profile nightly]\nregion = ${emulator.region}\nendpoint_url = ${emulator.endpoint}\nrole_arn = arn:aws:iam::123456789012:role/backup\nsource_profile = base\n`,
      '[base]\naws_access_key_id = base\naws_secret_access_key = base\n',
    )
    const { code, stderr } = await put({ HOME }, '--profile', 'nightly')
    assert.equal(code, 0, stderr)
  })

  it("are found by Alibaba Cloud's own chain", async (t) => {
    const emulator = await emulatorFor(t)
    const { accessKeyId: AccessKeyId, accessKeySecret: AccessKeySecret, securityToken: SecurityToken } = KEYS
    const url = await httpServer(t, (_request, response) => {
      response.end(
        JSON.stringify({ Code: 'Success', AccessKeyId, AccessKeySecret, SecurityToken, Expiration: inAnHour() }),
      )
    })
    const before = process.env['ALIBABA_CLOUD_CREDENTIALS_URI']
    process.env['ALIBABA_CLOUD_CREDENTIALS_URI'] = url
    t.after(() => {
      if (before === undefined) delete process.env['ALIBABA_CLOUD_CREDENTIALS_URI']
      else process.env['ALIBABA_CLOUD_CREDENTIALS_URI'] = before
    })
    const environment = { OSS_ENDPOINT: emulator.endpoint, OSS_REGION: emulator.region }
    const { code, stderr } = await ossup(undefined, ['put', 'oss://test-bucket/k', '--credentials', 'chain'], {
      input: 'text',
      environment,
    })
    assert.equal(code, 0, stderr)
  })

  for (const [what, args, message] of [
    ['another value', ['oss://b/k', '--credentials', 'magic'], /--credentials must be instance, oidc, chain/],
    ['another service', ['obs://b/k', '--credentials', 'chain'], /--credentials goes with oss:\/\/ and s3:\/\/ alone/],
    ['a profile as well', ['s3://b/k', '--credentials', 'chain', '--profile', 'x'], /cannot be used together/],
    ['no variables', ['oss://b/k', '--credentials', 'oidc'], /needs ALIBABA_CLOUD_ROLE_ARN, .* in the environment/],
    ['no variables of AWS', ['s3://b/k', '--credentials', 'oidc'], /needs AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE/],
    ['a file of ossutil', ['s3://b/k', '--config', 'x'], /--config goes with oss:\/\/ alone; set AWS_CONFIG_FILE/],
  ] as const) {
    it(`are refused with ${what}`, async () => {
      const { code, stderr } = await ossup(undefined, ['head', '--region', 'eu-1', ...args])
      assert.equal(code, 2)
      assert.match(stderr, message)
    })
  }

  for (const [target, name] of [
    ['oss://b/k', '@alicloud/credentials'],
    ['s3://b/k', '@aws-sdk/credential-providers'],
  ] as const) {
    it(`need a package, which is named where it is missing: ${name}`, async (t) => {
      const folder = await temporaryFolder(t)
      await cp(path.join(PROJECT, 'dist'), path.join(folder, 'lib', 'dist'), { recursive: true })
      await symlink(path.join(folder, 'lib', 'dist', 'ossup.cjs'), path.join(folder, 'ossup.cjs'))
      const args = ['head', target, '--region', 'eu-1', '--credentials', 'instance']
      const command = [process.execPath, path.join(folder, 'ossup.cjs'), ...args].map((word) => `'${word}'`).join(' ')
      const said = await run(['sh', '-c', `cd '${PROJECT}'; ${command} 2>&1; echo status $?`])
      assert.match(said, new RegExp(`need the package ${name} beside ossup: npm install --global ${name}`))
      assert.match(said, /status 2/)
    })
  }
})

describe('https_proxy', () => {
  it('is heeded, except for the hosts of no_proxy and for this machine', async (t) => {
    const { emulator } = await emulatedStore(t)
    const proxy = await connectProxy(t)
    const { port } = new URL(emulator.endpoint)
    const before = { ...process.env }
    t.after(() => {
      delete process.env['http_proxy']
      delete process.env['no_proxy']
      Object.assign(process.env, before)
    })
    Object.assign(process.env, { http_proxy: proxy.url, no_proxy: '' })
    // Another spelling of this machine, which is known by no name.
    const environment = { ...environmentOf(emulator), OSS_ENDPOINT: `http://127.1:${port}` }
    const args = ['put', 'oss://test-bucket/k', '--addressing', 'path']
    const through = await ossup(undefined, args, { input: 'text', environment })
    assert.equal(through.code, 0, through.stderr)
    const tunnels = proxy.tunnels.length
    assert.ok(tunnels > 0)
    assert.equal((await ossup(emulator, args, { input: 'text' })).code, 0)
    process.env['no_proxy'] = '127.0.0.1'
    assert.equal((await ossup(undefined, args, { input: 'text', environment })).code, 0)
    assert.equal(proxy.tunnels.length, tunnels)
  })
})
