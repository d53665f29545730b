import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { describe, it } from 'node:test'
import alicloud from '@alicloud/credentials'
import {
  type CredentialsOption,
  CredentialsSource,
  type ExpiringCredentials,
} from '../../src/credentials/credentials-source.js'
import { uploadError } from '../support/errors.js'

const MINUTE = 60_000

/** A provider that gives `id1`, `id2`, …, and counts how often it was asked. */
function counting(more: (asked: number) => Partial<ExpiringCredentials> = () => ({})) {
  const provider = {
    asked: 0,
    ask: () => {
      provider.asked += 1
      return Promise.resolve({
        accessKeyId: `id${provider.asked}`,
        accessKeySecret: `secret${provider.asked}`,
        ...more(provider.asked),
      })
    },
  }
  return provider
}

describe('credentials as values', () => {
  it('are given as they are, each time', async () => {
    const source = new CredentialsSource({ accessKeyId: 'id', accessKeySecret: 'secret', securityToken: 'token' })
    assert.deepEqual(await source.snapshot(), { accessKeyId: 'id', accessKeySecret: 'secret', securityToken: 'token' })
    const again = await source.snapshot()
    assert.deepEqual(await source.snapshot(again), again)
  })

  it('are a copy: what the caller changes later has no effect', async () => {
    const option = { accessKeyId: 'id', accessKeySecret: 'secret' }
    const source = new CredentialsSource(option)
    option.accessKeySecret = 'other'
    assert.equal((await source.snapshot()).accessKeySecret, 'secret')
  })

  it('have no token where it is empty', async () => {
    for (const securityToken of ['', undefined, null] as string[]) {
      const source = new CredentialsSource({ accessKeyId: 'id', accessKeySecret: 'secret', securityToken })
      assert.deepEqual(Object.keys(await source.snapshot()), ['accessKeyId', 'accessKeySecret'])
    }
  })

  it('must be there whole', () => {
    const half = uploadError('MISSING_CREDENTIALS', 'accessKeyId and accessKeySecret')
    const options = [
      {},
      { accessKeyId: 'id' },
      { accessKeySecret: 'TOPSECRET' },
      { accessKeyId: '', accessKeySecret: 's' },
    ]
    for (const option of [...options, null, undefined, 'id:secret', 7]) {
      assert.throws(() => new CredentialsSource(option as CredentialsOption), half)
    }
  })

  it('are never shown, not even where they are not acceptable', () => {
    for (const secret of ['TOPSECRET\n', 'TOP SECRET', 'TOPSECRETä', 7n, ['TOPSECRET']]) {
      const half = { accessKeyId: 'id', accessKeySecret: 'x' }
      for (const option of [
        { ...half, accessKeySecret: secret },
        { ...half, securityToken: secret },
      ]) {
        assert.throws(
          () => new CredentialsSource(option as CredentialsOption),
          (error) => uploadError('INVALID_OPTION', 'printable ASCII')(error) && !inspect(error).includes('SECRET'),
        )
      }
    }
  })
})

describe('a credentials provider', () => {
  it('is called for every signature if they have no expiration', async () => {
    const provider = counting()
    const source = new CredentialsSource(provider.ask)
    assert.equal((await source.snapshot()).accessKeyId, 'id1')
    assert.equal((await source.snapshot()).accessKeyId, 'id2')
  })

  it('may return without a promise', async () => {
    const source = new CredentialsSource(() => ({ accessKeyId: 'id', accessKeySecret: 'secret' }))
    assert.equal((await source.snapshot()).accessKeyId, 'id')
  })

  for (const [form, make] of [
    ['a Date', (time: number) => new Date(time)],
    ['a text', (time: number) => new Date(time).toISOString()],
    ['a number', (time: number) => time],
  ] as const) {
    it(`is not called again until five minutes before the expiration, given as ${form}`, async (t) => {
      t.mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_000 })
      const provider = counting(() => ({ expiration: make(Date.now() + 60 * MINUTE) }))
      const source = new CredentialsSource(provider.ask)
      assert.equal((await source.snapshot()).accessKeyId, 'id1')
      t.mock.timers.setTime(Date.now() + 55 * MINUTE - 1)
      assert.equal((await source.snapshot()).accessKeyId, 'id1')
      t.mock.timers.setTime(Date.now() + 1)
      assert.equal((await source.snapshot()).accessKeyId, 'id2')
      assert.equal(provider.asked, 2)
    })
  }

  it('is called each time if its expiration is near, past or invalid', async () => {
    for (const expiration of [new Date(Date.now() + 4 * MINUTE), 0, 1_700_000_000, 'soon', null as never]) {
      const provider = counting(() => ({ expiration }))
      const source = new CredentialsSource(provider.ask)
      await source.snapshot()
      await source.snapshot()
      assert.equal(provider.asked, 2)
    }
  })

  it('is called once for concurrent requests', async () => {
    let answer: (credentials: ExpiringCredentials) => void = () => undefined
    let asked = 0
    const source = new CredentialsSource(() => {
      asked += 1
      return new Promise((resolve) => (answer = resolve))
    })
    const all = Array.from({ length: 20 }, () => source.snapshot())
    answer({ accessKeyId: 'id', accessKeySecret: 'secret' })
    const [first, ...others] = await Promise.all(all)
    for (const other of others) assert.equal(other, first)
    assert.equal(asked, 1)
  })

  it('is called once for all requests whose credentials were rejected', async () => {
    const provider = counting(() => ({ expiration: Date.now() + 60 * MINUTE }))
    const source = new CredentialsSource(provider.ask)
    const rejected = await source.snapshot()
    const all = await Promise.all(Array.from({ length: 5 }, () => source.snapshot(rejected)))
    assert.equal(provider.asked, 2)
    // Whoever learns of it later gets what is there by now.
    assert.equal(await source.snapshot(rejected), all[0])
    assert.equal(provider.asked, 2)
  })

  it('that fails is a failure that may pass, with its own error as the cause', async () => {
    const cause = new Error('metadata service is away')
    for (const ask of [
      () => Promise.reject(cause),
      () => {
        throw cause
      },
    ]) {
      const source = new CredentialsSource(ask)
      await assert.rejects(source.snapshot(), (error) => {
        uploadError('CREDENTIALS_FAILED', 'metadata service is away')(error)
        assert.equal((error as Error).cause, cause)
        assert.equal((error as { retryable: boolean }).retryable, true)
        return true
      })
    }
  })

  it('is called again after it failed', async () => {
    const provider = counting()
    const source = new CredentialsSource(() =>
      provider.asked === 0 ? ((provider.asked += 1), Promise.reject(new Error('away'))) : provider.ask(),
    )
    await assert.rejects(source.snapshot(), uploadError('CREDENTIALS_FAILED'))
    assert.equal((await source.snapshot()).accessKeyId, 'id2')
  })

  it('that fails in the last minutes does no harm while the credentials last', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_000 })
    let isAway = false
    const source = new CredentialsSource(() => {
      if (isAway) throw new Error('away')
      return { accessKeyId: 'id', accessKeySecret: 'secret', expiration: Date.now() + 60 * MINUTE }
    })
    const first = await source.snapshot()
    isAway = true
    t.mock.timers.setTime(Date.now() + 58 * MINUTE)
    assert.equal(await source.snapshot(), first)
    await assert.rejects(source.snapshot(first), uploadError('CREDENTIALS_FAILED'))
    await assert.rejects(source.snapshot(), uploadError('CREDENTIALS_FAILED'))
  })

  it('that calls its own store gets an error that says so', async () => {
    let depth = 0
    const source: CredentialsSource = new CredentialsSource(() => {
      depth += 1
      if (depth > 100) throw new RangeError('it never ends')
      return source.snapshot()
    })
    await assert.rejects(
      source.snapshot(),
      uploadError('CREDENTIALS_FAILED', 'must not send requests through its own store'),
    )
    assert.equal(depth, 1)
  })

  it('that calls its own store after an await gets the same error, without waiting for a limit', async () => {
    const source: CredentialsSource = new CredentialsSource(async () => {
      await new Promise(setImmediate)
      return source.snapshot()
    }, 2 ** 30)
    await assert.rejects(
      source.snapshot(),
      uploadError('CREDENTIALS_FAILED', 'must not send requests through its own store'),
    )
  })

  it('may start what uses its store later', async () => {
    let later: Promise<unknown> | undefined
    let calls = 0
    const source: CredentialsSource = new CredentialsSource(async () => {
      calls += 1
      if (calls === 1) later = new Promise((resolve) => setTimeout(resolve, 20)).then(() => source.snapshot())
      return Promise.resolve({ accessKeyId: 'id', accessKeySecret: 'secret' })
    })
    await source.snapshot()
    await later
    assert.equal(calls, 2)
  })

  it('that returns an invalid expiration is called each time', async () => {
    const key = { accessKeyId: 'id', accessKeySecret: 'secret' }
    for (const expiration of [Symbol('end'), 10n, { valueOf: () => assert.fail('called') }, null]) {
      const source = new CredentialsSource(() => ({ ...key, expiration }) as unknown as ExpiringCredentials)
      assert.deepEqual(await source.snapshot(), key)
      assert.equal(source.atHand, undefined)
    }
  })

  it('that returns unreadable credentials gets an error that says so', async () => {
    const source = new CredentialsSource(() => ({
      get accessKeyId(): string {
        throw new TypeError('of others')
      },
      accessKeySecret: 'secret',
    }))
    await assert.rejects(source.snapshot(), uploadError('CREDENTIALS_FAILED', 'of others'))
  })

  it('that never settles is abandoned and called again', async () => {
    let asked = 0
    const source = new CredentialsSource(() => {
      asked += 1
      return new Promise(() => undefined)
    }, 20)
    await Promise.all([
      assert.rejects(source.snapshot(), uploadError('CREDENTIALS_FAILED', 'did not return within 20 ms')),
      assert.rejects(source.snapshot(), uploadError('CREDENTIALS_FAILED')),
    ])
    await assert.rejects(source.snapshot(), uploadError('CREDENTIALS_FAILED'))
    assert.equal(asked, 2)
  })

  it('that returns incomplete credentials gets an error that says so, without them', async () => {
    for (const answer of [undefined, null, 'id', {}, { accessKeySecret: 'TOPSECRET' }, { accessKeyId: 'id' }]) {
      const source = new CredentialsSource(() => answer as never)
      await assert.rejects(
        source.snapshot(),
        (error) =>
          uploadError('MISSING_CREDENTIALS', 'the result of the credentials provider')(error) &&
          !inspect(error).includes('TOPSECRET'),
      )
    }
  })
})

describe('the client of @alicloud/credentials', () => {
  const { default: Client, Config } = alicloud

  it('works as it is, with values', async () => {
    const client = new Client(
      new Config({ type: 'sts', accessKeyId: 'id', accessKeySecret: 'secret', securityToken: 'token' }),
    )
    const credentials = await new CredentialsSource(client).snapshot()
    assert.deepEqual(credentials, { accessKeyId: 'id', accessKeySecret: 'secret', securityToken: 'token' })
  })

  it('works as it is, with the environment', async (t) => {
    const names = ['ACCESS_KEY_ID', 'ACCESS_KEY_SECRET', 'SECURITY_TOKEN'].map((name) => `ALIBABA_CLOUD_${name}`)
    const before = names.map((name) => [name, process.env[name]] as const)
    t.after(() => {
      for (const [name, value] of before) {
        if (value === undefined) Reflect.deleteProperty(process.env, name)
        else process.env[name] = value
      }
    })
    for (const name of names) process.env[name] = `of-${name}`
    assert.deepEqual(await new CredentialsSource(new Client()).snapshot(), {
      accessKeyId: 'of-ALIBABA_CLOUD_ACCESS_KEY_ID',
      accessKeySecret: 'of-ALIBABA_CLOUD_ACCESS_KEY_SECRET',
      securityToken: 'of-ALIBABA_CLOUD_SECURITY_TOKEN',
    })
  })

  it('is called with itself as this', async () => {
    const client = {
      id: 'id',
      getCredential() {
        return Promise.resolve({ accessKeyId: this.id, accessKeySecret: 'secret' })
      },
    }
    assert.equal((await new CredentialsSource(client).snapshot()).accessKeyId, 'id')
  })
})
