import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { parseArguments } from '../../../src/cli/options/arguments.js'
import { COMMANDS } from '../../../src/cli/commands/commands.js'
import { explain, overview } from '../../../src/cli/commands/help.js'
import { parseOssutilConfig } from '../../../src/cli/access/ossutil-config.js'
import { embeddedStore } from '../../support/embedded-store.js'
import { environmentOf } from '../../support/examples.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { ossup } from '../ossup.js'

const [PUT] = COMMANDS

describe('arguments', () => {
  it('have a command after --, whatever is in it', () => {
    const { operands, rest, options } = parseArguments(PUT!.options, [
      ...['oss://b/k', '--tag=a=b', '--expect-tail', '-- complete', '--tag', 'c='],
      ...['--', 'pg_dump', '--', '--acl', 'x'],
    ])
    assert.deepEqual(operands, ['oss://b/k'])
    assert.deepEqual(rest, ['pg_dump', '--', '--acl', 'x'])
    assert.deepEqual(options.pairs('tag'), { a: 'b', c: '' })
    assert.equal(options.text('expect-tail'), '-- complete')
    assert.equal(options.text('acl'), undefined)
  })

  it('are refused with what is wrong', () => {
    for (const [args, message] of [
      [['--nope'], /^Unknown option '--nope'$/],
      [['--acl'], /--acl <value>' argument missing/],
      [['--forbid-overwrite=x'], /does not take an argument/],
    ] as const) {
      assert.throws(() => parseArguments(PUT!.options, args), { exitCode: 2, message })
    }
    const { options } = parseArguments(PUT!.options, ['--tag', 'a', '--acl=', '--concurrency', 'many'])
    assert.throws(() => options.pairs('tag'), /--tag must be NAME=VALUE \(got "a"\)/)
    assert.throws(() => options.text('acl'), /--acl is empty/)
    assert.throws(() => options.wholeNumber('concurrency'), /--concurrency must be a whole number \(got "many"\)/)
  })
})

describe('the help', () => {
  for (const command of COMMANDS) {
    it(`of ${command.name} fits 80 columns and names every option`, () => {
      const lines = explain(command).split('\n')
      for (const line of lines) assert.ok(line.length <= 80, line)
      for (const { name } of [...command.options, ...command.sharedOptions])
        assert.ok(lines.join('\n').includes(`--${name}`))
    })
  }

  it('names every command', () => {
    const lines = overview(COMMANDS).split('\n')
    assert.ok(lines.length <= 24)
    for (const { name } of COMMANDS) assert.ok(lines.some((line) => line.startsWith(`  ${name} `)))
  })
})

describe('what is typed wrong', { concurrency: 3 }, () => {
  for (const [what, args, message] of [
    ['nothing', [], /^ossup \d.*\n\nossup COMMAND/],
    ['an unknown command', ['upload'], /there is no command "upload": the commands are put, get/],
    ['no target', ['put'], /put needs TARGET/],
    ['another service', ['put', 'ftp://b/k'], /TARGET must be oss:\/\/bucket\/key, .* \(got "ftp:\/\/b\/k"\)/],
    ['a target without a key', ['put', 'oss://bucket'], /has no key/],
    [
      'a size without sense',
      ['put', 'oss://bucket/k', '--part-size', '8XB'],
      /--part-size must be a size .* \(got "8XB"\)/,
    ],
    [
      'a part size that is not possible',
      ['put', 'oss://bucket/k', '--part-size', '1B', '--', 'touch', '/nope'],
      /partSize must be an integer .* \(got 1\)/,
    ],
    ['an unknown option', ['head', 'oss://bucket/k', '--part-size', '1MiB'], /Unknown option '--part-size'/],
    ['an option without its value', ['put', 'oss://bucket/k', '--acl'], /--acl <value>' argument missing/],
    ['a flag with a value', ['put', 'oss://bucket/k', '--quiet=yes'], /'-q, --quiet' does not take an argument/],
    ['too many operands', ['head', 'oss://bucket/k', 'another'], /head takes only TARGET \(got also another\)/],
    ['no command after --', ['put', 'oss://bucket/k', '--'], /there is no command after --/],
    ['a command for who runs none', ['head', 'oss://bucket/k', '--', 'cat'], /head runs no command after --/],
    [
      'a time without a unit',
      ['abort', 'oss://bucket', '--older-than', '24'],
      /--older-than must be a time .* \(got "24"\)/,
    ],
    [
      'files without a place',
      ['put', 'oss://bucket/k', 'a', 'b'],
      /2 files need a target that ends with \/.*; a command is put after --/,
    ],
    [
      'two uploads with one checkpoint',
      ['put', 'oss://bucket/in/', 'a', 'b', '--checkpoint', 'c'],
      /--checkpoint is of one upload/,
    ],
    ['neither id nor age', ['abort', 'oss://bucket/k'], /abort needs one of/],
  ] as const) {
    it(`is answered without a stack: ${what}`, async (t) => {
      const { emulator } = await embeddedStore(t)
      const { code, stdout, stderr } = await ossup(emulator, args)
      assert.equal(code, 2)
      assert.match(stderr, message)
      assert.doesNotMatch(stderr, /^ +at /m)
      assert.equal(stdout, '')
      assert.equal(emulator.requests.length, 0)
    })
  }

  it('is answered with the form of a target where no service is named', async () => {
    const { code, stderr } = await ossup(undefined, ['put', 'bucket/k'])
    assert.equal(code, 2)
    assert.match(stderr, /TARGET must be oss:\/\/bucket\/key, .* \(got "bucket\/k"\)/)
  })

  it('is shown with a stack where that was asked for, without secrets', async (t) => {
    const { emulator } = await embeddedStore(t)
    const { code, stderr } = await ossup(emulator, ['head', 'oss://test-bucket/nothing', '--debug'])
    assert.equal(code, 6)
    assert.match(stderr, /^ {4}at /m)
    for (const secret of Object.values(emulator.credentials)) assert.ok(!stderr.includes(String(secret)))
  })

  it('is that there are no credentials', async () => {
    const { code, stderr } = await ossup(undefined, ['head', 'oss://bucket/k', '--region', 'cn-hangzhou'])
    assert.equal(code, 2)
    assert.match(stderr, /OSS_ACCESS_KEY_ID is missing/)
  })
})

describe('~/.ossutilconfig', () => {
  it('has names in several spellings', () => {
    const config = parseOssutilConfig(
      '; a comment\n[Credentials]\r\nlanguage=EN\naccess_key_id = id\naccess-key-secret=s=e=c\nsts_token=t\nhost=oss-cn-beijing.aliyuncs.com\n' +
        '[Bucket-Cname]\nbackups=files.example.com\n[Bucket-Endpoint]\nother = oss-cn-shanghai.aliyuncs.com\n',
      'the file',
    )
    assert.deepEqual(config.credentials, { accessKeyId: 'id', accessKeySecret: 's=e=c', securityToken: 't' })
    assert.equal(config.endpoint, 'oss-cn-beijing.aliyuncs.com')
    assert.equal(config.bucketCnames.get('backups'), 'files.example.com')
    assert.equal(config.bucketEndpoints.get('other'), 'oss-cn-shanghai.aliyuncs.com')
  })

  it('is refused where it has no key, or gets its keys in a way that is not known', () => {
    assert.throws(
      () => parseOssutilConfig('[Credentials]\naccessKeyID=id\n', 'F'),
      /F has no accessKeyID and accessKeySecret/,
    )
    assert.throws(() => parseOssutilConfig('[Credentials]\nmode=EcsRamRole\n', 'F'), /the mode "EcsRamRole"/)
  })

  const VERSION_2 = [
    '# of ossutil 2',
    '[default]',
    'access-key-id=id',
    'accessKeySecret=secret',
    'region=cn-hangzhou',
    '[Profile Ops]',
    'mode=StsToken',
    'access_key_id=ops',
    'access_key_secret=ops-secret',
    'stsToken=token',
    'endpoint=oss-cn-beijing.aliyuncs.com',
    'addressing-style=path',
    '[profile nightly]',
    'source_profile=ops',
    'region=cn-beijing',
    '[profile role]',
    'mode=RamRoleArn',
    '[profile loop]',
    'source-profile=loop',
  ].join('\n')

  it('may be that of ossutil 2, with profiles that build on each other', () => {
    const usual = parseOssutilConfig(VERSION_2, 'F')
    assert.deepEqual(usual.credentials, { accessKeyId: 'id', accessKeySecret: 'secret' })
    assert.equal(usual.region, 'cn-hangzhou')
    assert.deepEqual(parseOssutilConfig(VERSION_2, 'F', 'default'), usual)
    const { credentials, endpoint, region, addressing } = parseOssutilConfig(VERSION_2, 'F', 'nightly')
    assert.deepEqual(credentials, { accessKeyId: 'ops', accessKeySecret: 'ops-secret', securityToken: 'token' })
    assert.deepEqual([endpoint, region, addressing], ['oss-cn-beijing.aliyuncs.com', 'cn-beijing', 'path'])
  })

  it('is that of ossutil 1 where [Default] holds no credentials', () => {
    const text = '[Default]\nloglevel=info\n[Credentials]\naccessKeyID=id\naccessKeySecret=secret\n'
    assert.equal(parseOssutilConfig(text, 'F').credentials.accessKeyId, 'id')
  })

  it('is refused for a profile that is missing, of another mode, or its own source', () => {
    assert.throws(() => parseOssutilConfig(VERSION_2, 'F', 'other'), /F has no profile "other"/)
    assert.throws(() => parseOssutilConfig(VERSION_2, 'F', 'role'), /the mode "RamRoleArn"/)
    assert.throws(() => parseOssutilConfig(VERSION_2, 'F', 'loop'), /names itself/)
  })

  it('gives the keys of the profile that is asked for, before those of the environment', async (t) => {
    const { emulator, store } = await embeddedStore(t)
    const environment = environmentOf(emulator)
    const { OSS_ENDPOINT: endpoint, OSS_ACCESS_KEY_ID: id, OSS_ACCESS_KEY_SECRET: secret } = environment
    const folder = await temporaryFolder(t)
    const profile = `[profile nightly]\naccess-key-id=${id!}\naccess-key-secret=${secret!}\nendpoint=${endpoint!}\n`
    await writeFile(path.join(folder, '.ossutilconfig'), profile)
    const own = { HOME: folder, OSS_REGION: emulator.region, OSS_ACCESS_KEY_ID: 'x', OSS_ACCESS_KEY_SECRET: 'y' }
    const args = ['put', 'oss://test-bucket/k', '--profile', 'nightly']
    const { code, stderr } = await ossup(undefined, args, { input: 'by the profile', environment: own })
    assert.equal(code, 0, stderr)
    assert.equal((await store.head('k')).size, 14)
    const wrong = await ossup(undefined, ['head', 's3://test-bucket/k', '--profile', 'nightly'], { environment: own })
    assert.equal(wrong.code, 2)
    assert.match(wrong.stderr, /--profile is one of ossutil/)
  })

  it('serves where the environment has no credentials', async (t) => {
    const { emulator, store } = await embeddedStore(t)
    const { OSS_ENDPOINT: endpoint, OSS_ACCESS_KEY_ID: id, OSS_ACCESS_KEY_SECRET: secret } = environmentOf(emulator)
    const folder = await temporaryFolder(t)
    const text = `[Credentials]\naccessKeyID=${id!}\naccessKeySecret=${secret!}\nendpoint=http://127.0.0.1:1\n[Bucket-Endpoint]\ntest-bucket=${endpoint!}\n`
    await writeFile(path.join(folder, '.ossutilconfig'), text)
    const environment = { HOME: folder, OSS_REGION: emulator.region }
    const { code, stderr } = await ossup(undefined, ['put', 'oss://test-bucket/k'], {
      input: 'by the file',
      environment,
    })
    assert.equal(code, 0, stderr)
    assert.equal((await store.head('k')).size, 11)
  })
})
