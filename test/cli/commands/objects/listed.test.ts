import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { NewestObjects } from '../../../../src/cli/commands/objects/listed.js'
import { httpServer } from '../../../support/http-server.js'
import { ossup } from '../../ossup.js'

const seenAt = new Date(2026, 0, 1)

describe('the newest objects', () => {
  it('are those at the end of all, sorted by time and then by key', () => {
    const hours = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 200 })
    fc.assert(
      fc.property(hours, fc.integer({ min: 1, max: 20 }), (given, count) => {
        const newest = new NewestObjects(count)
        const all = given.map((hour, index) => {
          const key = String(index).padStart(4, '0')
          return { object: { key, size: 1, etag: '', lastModified: new Date(2025, 0, 1, hour) }, seenAt }
        })
        for (const seen of all) newest.add(seen)
        const sorted = [...all].sort((a, b) => Number(a.object.lastModified) - Number(b.object.lastModified))
        assert.deepEqual(newest.newestLast(), sorted.slice(-count))
        assert.equal(newest.total, given.length)
      }),
    )
  })

  it('of twelve thousand are the newest ten thousand, and a note says how many are missing', async (t) => {
    const pages = 12
    const endpoint = await httpServer(t, (request, response) => {
      const page = Number(new URL(request.url ?? '', 'http://host').searchParams.get('continuation-token') ?? 0)
      const objects = Array.from({ length: 1000 }, (_, index) => {
        const second = page * 1000 + index
        const time = new Date(Date.UTC(2025, 0, 1, 0, 0, second)).toISOString()
        const key = `app/${String(second).padStart(6, '0')}`
        return `<Contents><Key>${key}</Key><LastModified>${time}</LastModified><Size>1</Size></Contents>`
      })
      const rest =
        page + 1 < pages
          ? `<IsTruncated>true</IsTruncated><NextContinuationToken>${page + 1}</NextContinuationToken>`
          : ''
      response.end(`<ListBucketResult>${objects.join('')}${rest}</ListBucketResult>`)
    })
    const environment = {
      OSS_REGION: 'cn-hangzhou',
      OSS_ACCESS_KEY_ID: 'id',
      OSS_ACCESS_KEY_SECRET: 'secret',
      OSS_ENDPOINT: endpoint,
    }
    const { code, stdout, stderr } = await ossup(undefined, ['ls', 'oss://bucket/app/'], { environment })
    assert.equal(code, 0, stderr)
    const lines = stdout.trimEnd().split('\n')
    assert.equal(lines.length, 10_001)
    assert.match(lines[1] ?? '', / app\/002000$/)
    assert.match(lines.at(-1) ?? '', / app\/011999$/)
    assert.equal(stderr, 'ossup: 2,000 older objects are not shown; --json lists all of them\n')
    const all = await ossup(undefined, ['ls', 'oss://bucket/app/', '--json'], { environment })
    assert.equal(all.stdout.trimEnd().split('\n').length, 12_000)
  })
})
