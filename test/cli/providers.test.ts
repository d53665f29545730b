/** Targets of every service, in the emulator, which tells them apart by how they sign. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { unfinishedUploads } from '../support/emulated-store.js'
import { providerStore } from '../support/provider-store.js'
import { ossup } from './ossup.js'
import { openShell } from './shell.js'

const SIZE = 12_000_000

const SERVICES = [
  {
    provider: 'obs',
    names: ['OBS_ENDPOINT', 'OBS_REGION', 'OBS_ACCESS_KEY_ID', 'OBS_SECRET_ACCESS_KEY'],
    storageClass: 'WARM',
    kms: ['kms'],
    emulator: {},
    stored: /^ {2}CRC-64 \d+, ETag "\w+-2"$/m,
    read: /^ {2}verified by CRC-64 \d+\n {2}ETag "\w+-2"$/m,
  },
  {
    provider: 'obs',
    names: ['OBS_ENDPOINT', 'OBS_REGION', 'OBS_ACCESS_KEY_ID', 'OBS_SECRET_ACCESS_KEY'],
    storageClass: 'WARM',
    kms: ['kms'],
    emulator: { obsChecksums: false },
    stored: /^ {2}CRC-64 \d+, ETag "\w+-2"$/m,
    read: /^ {2}size and ETag "\w+-2" compared: the store returned no checksum$/m,
  },
  {
    provider: 's3',
    names: ['AWS_ENDPOINT_URL_S3', 'AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
    storageClass: 'STANDARD_IA',
    kms: ['aws:kms', 'aws:kms:dsse'],
    emulator: {},
    stored: /^ {2}CRC-64 \d+, ETag "\w+-2"$/m,
    read: /^ {2}size and ETag "\w+-2" compared: the store returned no checksum$/m,
  },
] as const

describe('targets of other services', { concurrency: 3 }, () => {
  for (const { provider, names, storageClass, kms, emulator: options, stored, read } of SERVICES) {
    const which = 'obsChecksums' in options ? `${provider}, without checksums` : provider
    it(`are put, got, looked at and listed: ${which}`, async (t) => {
      const { emulator, store } = await providerStore(t, { provider }, options)
      const { endpoint, region, credentials } = emulator
      const values = [endpoint, region, credentials.accessKeyId, credentials.accessKeySecret]
      const environment = Object.fromEntries(names.map((name, index) => [name, values[index]]))
      const shell = await openShell(t, undefined, environment)
      const call = (args: readonly string[], input = '') => ossup(undefined, args, { input, environment })
      const target = `${provider}://test-bucket/k`

      const source = `head -c ${SIZE} /dev/zero`
      const put = await shell(`${source} | ossup put ${target} --storage-class ${storageClass} --sse AES256`)
      assert.equal(put.code, 0, put.stderr)
      assert.match(put.stdout, new RegExp(`^stored ${target}$`, 'm'))
      assert.match(put.stdout, stored)

      emulator.faults.inject({
        match: { operation: 'GetObject' },
        times: 2,
        action: { type: 'reset', at: 'answer', afterBytes: 3_000_000 },
      })
      const got = await shell(`ossup get ${target} | cmp - <(${source})`)
      assert.equal(got.code, 0, got.stderr)
      assert.match(got.stderr, read)

      const head = await call(['head', target])
      assert.match(head.stdout, /^size: +12,000,000 bytes \(11\.4 MiB\)$/m)
      assert.match(head.stdout, /^etag: +"\w+-2"$/m)
      assert.doesNotMatch(head.stdout, /^md5:/m)
      assert.match(head.stdout, new RegExp(`^storage class: +${storageClass}$`, 'm'))
      assert.match(head.stdout, /^encryption: +AES256$/m)

      for (const algorithm of kms) {
        for (const key of ['', 'arn:aws:kms:eu-central-1:111122223333:key/1']) {
          const sse = key === '' ? algorithm : `${algorithm}:${key}`
          const encrypted = await call(['put', `${target}.kms`, '--sse', sse], 'text')
          assert.equal(encrypted.code, 0, encrypted.stderr)
          const { stdout, stderr } = await call(['head', `${target}.kms`])
          const expected = key === '' ? algorithm : `${algorithm}, key ${key}`
          assert.match(stdout, new RegExp(`^encryption: +${expected}$`, 'm'), stderr)
        }
      }

      const uploadId = await store.initiateMultipartUpload('old')
      const listed = await shell(`ossup uploads --long ${provider}://test-bucket`)
      assert.match(listed.stdout, new RegExp(` old +${uploadId}$`, 'm'))
      const aborted = await call(['abort', `${provider}://test-bucket/old`, '--upload-id', uploadId])
      assert.equal(aborted.code, 0, aborted.stderr)
      assert.deepEqual(await unfinishedUploads(store), [])

      const failed = await call(['put', `${target}.cut`, '--', 'false'])
      assert.equal(failed.code, 3)
      const none = await call(['head', `${target}.cut`])
      assert.equal(none.code, 6, none.stderr)
    })
  }
})
