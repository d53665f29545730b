import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { parseOssutilConfig } from '../../../src/cli/access/ossutil-config.js'
import { emulatedStore } from '../../support/emulated-store.js'
import { environmentOf } from '../../support/examples.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { ossup } from '../ossup.js'

describe('~/.ossutilconfig', () => {
  it('has names in several spellings', () => {
    const config = parseOssutilConfig(
      '; a comment\n[Credentials]\r\nlanguage=EN\naccess_key_id = id\naccess-key-secret=s=e=c\nsts_token=t\nhost=oss-cn-beijing.aliyuncs.com\n' +
        '[Bucket-Cname]\nbackups=files.example.com\n[Bucket-Endpoint]\nother = oss-cn-shanghai.aliyuncs.com\n',
      'the file',
    )
    assert.deepEqual(config.credentials, {
      by: 'keys',
      keys: { accessKeyId: 'id', accessKeySecret: 's=e=c', securityToken: 't' },
    })
    assert.equal(config.endpoint, 'oss-cn-beijing.aliyuncs.com')
    assert.equal(config.bucketCnames.get('backups'), 'files.example.com')
    assert.equal(config.bucketEndpoints.get('other'), 'oss-cn-shanghai.aliyuncs.com')
  })

  it('is refused if it has no key, or an unknown mode', () => {
    assert.throws(
      () => parseOssutilConfig('[Credentials]\naccessKeyID=id\n', 'F'),
      /F below \[Credentials\] must have accessKeyID and accessKeySecret/,
    )
    assert.throws(() => parseOssutilConfig('[Credentials]\nmode=Other\n', 'F'), /mode must be AK, .* \(got "Other"\)/)
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
    assert.deepEqual(usual.credentials, { by: 'keys', keys: { accessKeyId: 'id', accessKeySecret: 'secret' } })
    assert.equal(usual.region, 'cn-hangzhou')
    assert.deepEqual(parseOssutilConfig(VERSION_2, 'F', 'default'), usual)
    const { credentials, endpoint, region, addressing } = parseOssutilConfig(VERSION_2, 'F', 'nightly')
    assert.deepEqual(credentials, {
      by: 'keys',
      keys: { accessKeyId: 'ops', accessKeySecret: 'ops-secret', securityToken: 'token' },
    })
    assert.deepEqual([endpoint, region, addressing], ['oss-cn-beijing.aliyuncs.com', 'cn-beijing', 'path'])
  })

  it('is that of ossutil 1 where [Default] holds no credentials', () => {
    const text = '[Default]\nloglevel=info\n[Credentials]\naccessKeyID=id\naccessKeySecret=secret\n'
    const { credentials } = parseOssutilConfig(text, 'F')
    assert.equal(credentials.by === 'keys' && credentials.keys.accessKeyId, 'id')
  })

  it('is refused for a profile that is missing, of another mode, or its own source', () => {
    assert.throws(() => parseOssutilConfig(VERSION_2, 'F', 'other'), /F has no profile "other"/)
    assert.throws(() => parseOssutilConfig(VERSION_2, 'F', 'role'), /must have ram-role-arn/)
    assert.throws(() => parseOssutilConfig(VERSION_2, 'F', 'loop'), /names itself/)
  })

  it('may name a role, a command, and what a role is assumed with', () => {
    const origin = (text: string) => parseOssutilConfig(`[default]\n${text}`, 'F').credentials
    assert.deepEqual(origin('mode=EcsRamRole\necs-role-name=backup\n'), {
      by: 'alicloud',
      config: { type: 'ecs_ram_role', roleName: 'backup' },
    })
    assert.deepEqual(origin('mode=Process\ncredential-process=vault read\n'), {
      by: 'process',
      command: 'vault read',
      where: 'F below [default]',
    })
    const keys = 'accessKeyID=id\naccessKeySecret=secret\n'
    assert.deepEqual(origin(`mode=RamRoleArn\nram-role-arn=acs:ram::1:role/backup\n${keys}`), {
      by: 'alicloud',
      config: {
        type: 'ram_role_arn',
        accessKeyId: 'id',
        accessKeySecret: 'secret',
        roleArn: 'acs:ram::1:role/backup',
        roleSessionName: 'ossup',
        externalId: '',
      },
    })
  })

  it('uses the keys of the selected profile before those of the environment', async (t) => {
    const { emulator, store } = await emulatedStore(t)
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
    const wrong = await ossup(undefined, ['head', 'obs://test-bucket/k', '--profile', 'nightly'], { environment: own })
    assert.equal(wrong.code, 2)
    assert.match(wrong.stderr, /--profile goes with oss:\/\/ and s3:\/\/ alone/)
  })

  it('serves where the environment has no credentials', async (t) => {
    const { emulator, store } = await emulatedStore(t)
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
