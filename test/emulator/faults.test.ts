import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { startEmulator, type Emulator, type Fault, type FaultAction } from '../../src/emulator/index.js'
import { presignOssV4 } from '../../src/signing/oss-v4.js'
import { complete, initiate, uploadPart } from '../support/multipart.js'
import { answerTo, codeOf, open, send, start, xmlOf, type RawRequest } from '../support/signed-request.js'

const PUT: RawRequest = { method: 'PUT', key: 'k', body: '123456789' }

async function emulatorWith(
  action: FaultAction,
  match: Fault['match'] = { operation: 'PutObject' },
): Promise<Emulator> {
  return startEmulator({ faults: [{ match, action }] })
}

async function isStored(emulator: Emulator, key = 'k'): Promise<boolean> {
  return (await send(emulator, { method: 'HEAD', key })).status === 200
}

/** Resolves when the emulator has taken `count` bytes of the last request's body. */
async function arrived(emulator: Emulator, count: number): Promise<void> {
  while ((emulator.requests.at(-1)?.bytes ?? 0) < count) await new Promise(setImmediate)
}

/** Resolves when nobody is connected any more. */
async function idle(emulator: Emulator): Promise<void> {
  while (emulator.openConnections > 0) await new Promise(setImmediate)
}

describe('a plan of faults', () => {
  const error: FaultAction = { type: 'error', status: 500, code: 'InternalError' }

  it('hits matching requests only, after those it skips, as often as it should', async () => {
    await using emulator = await startEmulator()
    emulator.faults.inject({ match: { key: 'k', method: 'put' }, skip: 1, times: 2, action: error })
    const statuses = async (requests: RawRequest[]) => {
      const answers = []
      for (const request of requests) answers.push((await send(emulator, request)).status)
      return answers
    }
    assert.deepEqual(await statuses([{ ...PUT, key: 'other' }, PUT, { key: 'k' }, PUT]), [200, 200, 200, 500])
    assert.deepEqual(
      emulator.faults.pending().map(({ skip, times }) => [skip, times]),
      [[0, 1]],
    )
    assert.deepEqual(await statuses([PUT, PUT]), [500, 200])
    assert.deepEqual(emulator.faults.pending(), [])
  })

  it('may continue indefinitely, until it is cleared', async () => {
    await using emulator = await startEmulator({ faults: [{ times: Infinity, action: error }] })
    for (const attempt of [1, 2, 3]) assert.equal((await send(emulator, PUT)).status, 500, `attempt ${attempt}`)
    emulator.faults.clear()
    assert.equal((await send(emulator, PUT)).status, 200)
  })

  it('finds a part by its number', async () => {
    await using emulator = await startEmulator({ faults: [{ match: { partNumber: 2 }, action: error }] })
    const uploadId = await initiate(emulator, 'k')
    const statuses = await Promise.all(
      [1, 2, 3].map(async (n) => (await uploadPart(emulator, 'k', uploadId, n, 'x')).status),
    )
    assert.deepEqual(statuses, [200, 500, 200])
    assert.equal(emulator.requests.filter(({ fault }) => fault === 'error').length, 1)
  })

  it('finds a range by its first byte', async () => {
    await using emulator = await startEmulator({
      faults: [{ match: { rangeStart: 4 }, times: Infinity, action: error }],
    })
    await send(emulator, PUT)
    const ranges = ['bytes=0-3', 'bytes=4-6', 'bytes=4-', 'bytes=-4', 'bytes=44-', 'items=4-6', undefined]
    const gets = ranges.map(async (range) => send(emulator, { key: 'k', ...(range && { headers: { range } }) }))
    const statuses = (await Promise.all(gets)).map(({ status }) => status)
    assert.deepEqual(statuses, [206, 500, 500, 206, 200, 200, 200])
  })

  it('does not take counts that make no sense', async () => {
    await using emulator = await startEmulator()
    for (const counts of [{ times: 0 }, { times: 1.5 }, { skip: -1 }]) {
      assert.throws(() => emulator.faults.inject({ ...counts, action: error }), RangeError)
    }
  })
})

describe('the fault "error"', () => {
  it('returns the code, EC and headers it is given, and does nothing', async () => {
    const headers = { 'Retry-After': '3' }
    await using emulator = await emulatorWith({
      type: 'error',
      status: 503,
      code: 'ServiceUnavailable',
      ec: '0001',
      headers,
    })
    const put = await send(emulator, PUT)
    assert.equal(put.status, 503)
    assert.equal(codeOf(put), 'ServiceUnavailable')
    assert.equal(xmlOf(put).text('EC'), '0001')
    assert.equal(put.headers['retry-after'], '3')
    assert.equal(await isStored(emulator), false)
  })

  it('may come after the work was done, even with status 200', async () => {
    await using emulator = await emulatorWith({ type: 'error', status: 200, code: 'InternalError', commit: true })
    const put = await send(emulator, PUT)
    assert.equal(put.status, 200)
    assert.equal(codeOf(put), 'InternalError')
    assert.ok(await isStored(emulator))
  })

  it('leaves the connection usable though the body was not read', async () => {
    await using emulator = await emulatorWith({ type: 'error', status: 500, code: 'InternalError' })
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    const body = Buffer.alloc(3_000_000)
    assert.equal((await send(emulator, { ...PUT, body, agent })).status, 500)
    assert.equal((await send(emulator, { ...PUT, body, agent })).status, 200)
    assert.equal(emulator.openConnections, 1)
    agent.destroy()
  })

  it('is returned to a HEAD in its header', async () => {
    await using emulator = await emulatorWith(
      { type: 'error', status: 503, code: 'SlowDown' },
      { operation: 'HeadObject' },
    )
    const head = await send(emulator, { method: 'HEAD', key: 'k' })
    assert.equal(head.status, 503)
    assert.match(Buffer.from(String(head.headers['x-oss-err']), 'base64').toString(), /<Code>SlowDown</)
  })
})

describe('the fault "answer"', () => {
  it('sends any document, and a wrong Content-Length', async () => {
    const body = '<?xml version="1.0"?><!DOCTYPE x><x/>'
    await using emulator = await emulatorWith({
      type: 'answer',
      status: 418,
      headers: { 'content-length': '12', 'X-Odd': 'ö' },
      body,
    })
    const answer = await open(emulator, PUT)
    assert.equal(answer.statusCode, 418)
    assert.equal(answer.headers['content-length'], '12')
    assert.equal(Buffer.from(String(answer.headers['x-odd']), 'latin1').toString(), 'ö')
    answer.destroy()
  })
})

describe('the fault "reset"', () => {
  const cases: [at: 'request' | 'body' | 'committed' | 'answer', isCommitted: boolean][] = [
    ['request', false],
    ['body', false],
    ['committed', true],
    ['answer', true],
  ]
  for (const [at, isCommitted] of cases) {
    it(`at "${at}" ends the connection with the work ${isCommitted ? 'done' : 'undone'}`, async () => {
      await using emulator = await emulatorWith({ type: 'reset', at, afterBytes: 3 })
      await assert.rejects(send(emulator, PUT), (error: NodeJS.ErrnoException) => {
        return ['ECONNRESET', 'EPIPE', 'HPE_INVALID_EOF_STATE', 'HPE_HEADER_OVERFLOW'].includes(error.code ?? '')
      })
      assert.equal(emulator.requests[0]?.status, undefined)
      assert.equal(await isStored(emulator), isCommitted)
      assert.equal(readdirSync(join(emulator.directory, 'data')).length, isCommitted ? 1 : 0)
    })
  }

  it('happens in the middle of the bytes of an object', async () => {
    await using emulator = await emulatorWith(
      { type: 'reset', at: 'answer', afterBytes: 4 },
      { operation: 'GetObject' },
    )
    await send(emulator, PUT)
    const answer = await open(emulator, { key: 'k' })
    const chunks: Buffer[] = []
    answer.on('data', (chunk: Buffer) => chunks.push(chunk))
    await assert.rejects(once(answer, 'end'), { code: 'ECONNRESET' })
    assert.equal(Buffer.concat(chunks).toString(), '1234')
  })
})

describe('an object that a fault kept from being sent', () => {
  it('does not keep its files when it is deleted', async () => {
    const match = { operation: 'GetObject' } as const
    await using emulator = await emulatorWith(
      { type: 'error', status: 500, code: 'InternalError', commit: true },
      match,
    )
    emulator.faults.inject({ match, action: { type: 'reset', at: 'committed' } })
    await send(emulator, PUT)
    assert.equal((await send(emulator, { key: 'k' })).status, 500)
    await assert.rejects(send(emulator, { key: 'k' }))
    await send(emulator, { method: 'DELETE', key: 'k' })
    assert.deepEqual(readdirSync(join(emulator.directory, 'data')), [])
  })
})

describe('the fault "stall"', () => {
  const cases: [at: 'request' | 'body' | 'uncommitted' | 'committed' | 'answer', isCommitted: boolean][] = [
    ['request', false],
    ['body', false],
    ['uncommitted', false],
    ['committed', true],
    ['answer', true],
  ]
  for (const [at, isCommitted] of cases) {
    it(`at "${at}" holds the client until it leaves, with the work ${isCommitted ? 'done' : 'undone'}`, async () => {
      await using emulator = await emulatorWith({ type: 'stall', at })
      const outgoing = start(emulator, { ...PUT, headers: { 'content-length': '9' } })
      outgoing.on('error', () => undefined)
      outgoing.on('response', () => assert.fail('there is an answer'))
      outgoing.end('123456789')
      if (at === 'request') while (emulator.requests.length === 0) await new Promise(setImmediate)
      else await arrived(emulator, 9)
      if (isCommitted) while (!(await isStored(emulator))) await new Promise(setImmediate)
      assert.equal(emulator.requests[0]?.status, undefined)
      outgoing.destroy()
      await idle(emulator)
      assert.equal(await isStored(emulator), isCommitted)
    })
  }

  it('leaves the work undone for a request without a body, too', async () => {
    const match = { operation: 'InitiateMultipartUpload' } as const
    await using emulator = await emulatorWith({ type: 'stall', at: 'uncommitted' }, match)
    const outgoing = start(emulator, { method: 'POST', key: 'k', query: [['uploads', '']] })
    outgoing.on('error', () => undefined).end()
    while (emulator.requests.length === 0) await new Promise(setImmediate)
    outgoing.destroy()
    await idle(emulator)
    assert.equal(xmlOf(await send(emulator, { query: [['uploads', '']] })).children('Upload').length, 0)
  })

  it('ends when the emulator closes', async () => {
    const emulator = await emulatorWith({ type: 'stall', at: 'request' })
    const sent = send(emulator, PUT)
    while (emulator.requests.length === 0) await new Promise(setImmediate)
    await Promise.all([emulator.close(), assert.rejects(sent)])
  })

  it('ends when the faults are cleared', async () => {
    await using emulator = await emulatorWith({ type: 'stall', at: 'request' })
    const sent = send(emulator, { ...PUT, body: Buffer.alloc(3_000_000) })
    while (emulator.requests.length === 0) await new Promise(setImmediate)
    emulator.faults.clear()
    await assert.rejects(sent)
    await idle(emulator)
  })

  it('holds the next request on the connection too, and the emulator closes all the same', async () => {
    const emulator = await emulatorWith({ type: 'stall', at: 'committed' }, { operation: 'GetObject' })
    await send(emulator, PUT)
    const request = { method: 'GET', bucket: 'bucket', key: 'k', query: [], headers: {} }
    const { credentials, region, endpoint } = emulator
    const query = presignOssV4(request, credentials, { region, date: new Date(), expiresInSeconds: 60 })
    const target = `/bucket/k?${query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`
    const socket = net.connect(Number(new URL(endpoint).port), '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(2))
    while (emulator.requests.length < 3) await new Promise(setImmediate)
    await emulator.close()
  })

  it('does not read a body that is too large for the buffers in between', async () => {
    await using emulator = await emulatorWith({ type: 'stall', at: 'request' })
    const outgoing = start(emulator, { ...PUT, headers: { 'content-length': String(2 ** 30) } })
    outgoing.on('error', () => undefined)
    while (outgoing.write(Buffer.alloc(1024 * 1024)) || emulator.requests.length === 0) await new Promise(setImmediate)
    assert.equal(emulator.requests[0]?.bytes, 0)
    outgoing.destroy()
  })

  it('may come in the middle of an object', async () => {
    await using emulator = await emulatorWith(
      { type: 'stall', at: 'answer', afterBytes: 4 },
      { operation: 'GetObject' },
    )
    await send(emulator, PUT)
    const answer = await open(emulator, { key: 'k' })
    const [chunk] = (await once(answer, 'data')) as [Buffer]
    assert.equal(chunk.toString(), '1234')
    assert.equal(answer.complete, false)
    answer.destroy()
  })
})

describe('the fault "truncate"', () => {
  it('ends the connection regularly in the middle of the response', async () => {
    await using emulator = await emulatorWith({ type: 'truncate' }, { operation: 'InitiateMultipartUpload' })
    const answer = await open(emulator, { method: 'POST', key: 'k', query: [['uploads', '']] })
    const chunks: Buffer[] = []
    answer.on('data', (chunk: Buffer) => chunks.push(chunk))
    await assert.rejects(once(answer, 'end'))
    assert.equal(Buffer.concat(chunks).length, Math.floor(Number(answer.headers['content-length']) / 2))
    assert.equal(xmlOf(await send(emulator, { query: [['uploads', '']] })).children('Upload').length, 1)
  })

  it('ends a response without a body within its headers', async () => {
    await using emulator = await emulatorWith({ type: 'truncate' })
    await assert.rejects(send(emulator, PUT))
    assert.ok(await isStored(emulator))
  })
})

describe('the fault "slow"', () => {
  it('lets all bytes in, and out', async () => {
    const body = Buffer.alloc(30_000, 'x')
    for (const direction of ['in', 'out'] as const) {
      const operation = direction === 'in' ? 'PutObject' : 'GetObject'
      await using emulator = await emulatorWith({ type: 'slow', direction, bytesPerSecond: 300_000 }, { operation })
      assert.equal((await send(emulator, { ...PUT, body })).status, 200)
      assert.ok((await send(emulator, { key: 'k' })).body.equals(body))
      assert.deepEqual(emulator.faults.pending(), [])
    }
  })

  it('stops when the client leaves', async () => {
    await using emulator = await emulatorWith(
      { type: 'slow', direction: 'out', bytesPerSecond: 1 },
      { operation: 'GetObject' },
    )
    await send(emulator, PUT)
    const answer = await open(emulator, { key: 'k' })
    answer.destroy()
    await idle(emulator)
  })
})

describe('the fault "delay"', () => {
  for (const at of ['request', 'committed'] as const) {
    it(`at "${at}" makes the client wait`, async () => {
      await using emulator = await emulatorWith({ type: 'delay', ms: 30, at })
      const put = await send(emulator, PUT)
      assert.equal(put.status, 200)
      assert.ok(Number(put.headers['x-oss-server-time']) >= 29)
    })
  }

  it('does not keep the emulator from closing', async () => {
    const emulator = await emulatorWith({ type: 'delay', ms: 3_600_000 })
    const sent = send(emulator, PUT)
    while (emulator.requests.length === 0) await new Promise(setImmediate)
    await Promise.all([emulator.close(), assert.rejects(sent)])
  })
})

describe('the faults of integrity', () => {
  it('return a CRC-64 that is not that of the bytes', async () => {
    await using emulator = await emulatorWith({ type: 'wrong-checksum' })
    assert.equal((await send(emulator, PUT)).headers['x-oss-hash-crc64ecma'], '11051210869376104955')
    emulator.faults.inject({ action: { type: 'wrong-checksum', crc64: 'garbage' } })
    assert.equal((await send(emulator, PUT)).headers['x-oss-hash-crc64ecma'], 'garbage')
    assert.equal((await send(emulator, { key: 'k' })).headers['x-oss-hash-crc64ecma'], '11051210869376104954')
  })

  it('return another ETag, which Complete then refuses', async () => {
    await using emulator = await emulatorWith({ type: 'wrong-etag' }, { operation: 'UploadPart' })
    const uploadId = await initiate(emulator, 'k')
    const part = await uploadPart(emulator, 'k', uploadId, 1, 'x')
    const done = await complete(emulator, 'k', uploadId, [{ partNumber: 1, etag: String(part.headers['etag']) }])
    assert.equal(codeOf(done), 'InvalidPart')
  })
})

describe('the fault "empty"', () => {
  for (const commit of [true, false]) {
    it(`returns 200 with nothing, the operation ${commit ? 'carried out' : 'not carried out'}`, async () => {
      await using emulator = await emulatorWith({ type: 'empty', commit })
      const put = await send(emulator, PUT)
      assert.equal(put.status, 200)
      assert.equal(put.headers['etag'], undefined)
      assert.equal(put.body.length, 0)
      assert.equal(await isStored(emulator), commit)
    })
  }
})

describe('the fault "redirect"', () => {
  it('sends the client elsewhere', async () => {
    await using emulator = await emulatorWith({ type: 'redirect', location: 'http://elsewhere.example/' })
    const put = await send(emulator, PUT)
    assert.equal(put.status, 307)
    assert.equal(put.headers.location, 'http://elsewhere.example/')
    assert.equal(await isStored(emulator), false)
  })
})

describe('the fault "endless"', () => {
  it('never ends, and does not fill the memory of the emulator', async () => {
    await using emulator = await emulatorWith({ type: 'endless' })
    const answer = await open(emulator, PUT)
    let size = 0
    for await (const chunk of answer) {
      size += (chunk as Buffer).length
      if (size > 20_000_000) break
    }
    await idle(emulator)
  })
})

describe('the fault "clock"', () => {
  it('refuses requests by a clock that is off, and sends its date', async () => {
    const offsetMs = 20 * 60_000
    await using emulator = await startEmulator({ faults: [{ times: 2, action: { type: 'clock', offsetMs } }] })
    const refused = await send(emulator, PUT)
    assert.equal(codeOf(refused), 'RequestTimeTooSkewed')
    const offset = Date.parse(String(refused.headers.date)) - Date.now()
    assert.ok(Math.abs(offset - offsetMs) < 60_000)
    assert.equal((await send(emulator, { ...PUT, date: new Date(Date.now() + offset) })).status, 200)
  })

  it('may send no date at all', async () => {
    await using emulator = await emulatorWith({ type: 'clock', offsetMs: 3_600_000, sendsDate: false })
    const refused = await send(emulator, PUT)
    assert.equal(codeOf(refused), 'RequestTimeTooSkewed')
    assert.equal(refused.headers.date, undefined)
  })
})

describe('the fault "close"', () => {
  it('ends the connection after a response that promised to keep it', async () => {
    await using emulator = await emulatorWith({ type: 'close', when: 'answered' })
    const agent = new http.Agent({ keepAlive: true })
    const put = await send(emulator, { ...PUT, agent })
    assert.equal(put.headers.connection, 'keep-alive')
    await idle(emulator)
    agent.destroy()
  })

  it('resets a kept connection when it is used again', async () => {
    await using emulator = await emulatorWith({ type: 'close', when: 'reused' })
    const agent = new http.Agent({ keepAlive: true })
    assert.equal((await send(emulator, { ...PUT, agent })).status, 200)
    assert.equal(emulator.openConnections, 1)
    await assert.rejects(send(emulator, { ...PUT, key: 'second', agent }), { code: 'ECONNRESET' })
    assert.equal((await send(emulator, { ...PUT, agent })).status, 200)
    assert.equal(await isStored(emulator, 'second'), false)
    agent.destroy()
  })
})

describe('100 Continue', () => {
  const expecting: RawRequest = { ...PUT, headers: { expect: '100-continue', 'content-length': '9' } }

  it('is sent when the body is read', async () => {
    await using emulator = await startEmulator()
    const outgoing = start(emulator, expecting)
    outgoing.flushHeaders()
    await once(outgoing, 'continue')
    outgoing.end('123456789')
    const answer = await answerTo(outgoing)
    answer.resume()
    assert.equal(answer.statusCode, 200)
  })

  it('is not sent when the headers are enough to refuse, and the connection ends', async () => {
    await using emulator = await startEmulator()
    const credentials = { ...emulator.credentials, accessKeySecret: 'wrong' }
    const outgoing = start(emulator, { ...expecting, credentials })
    outgoing.on('continue', () => assert.fail('the body was asked for'))
    outgoing.flushHeaders()
    const answer = await answerTo(outgoing)
    answer.resume()
    assert.equal(answer.statusCode, 403)
    assert.equal(answer.headers.connection, 'close')
    outgoing.destroy()
  })

  it('is followed by the end of the connection under "continue-then-close"', async () => {
    await using emulator = await emulatorWith({ type: 'continue-then-close' })
    const outgoing = start(emulator, expecting)
    outgoing.flushHeaders()
    const failed = once(outgoing, 'response')
    await once(outgoing, 'continue')
    await assert.rejects(failed, { code: 'ECONNRESET' })
    assert.equal(await isStored(emulator), false)
  })
})

describe('the fault "disk-full"', () => {
  it('returns InternalError, and leaves nothing visible or on disk', async () => {
    await using emulator = await emulatorWith({ type: 'disk-full' }, {})
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    const put = await send(emulator, { ...PUT, body: Buffer.alloc(5_000_000), agent })
    assert.equal(put.status, 500)
    assert.equal(codeOf(put), 'InternalError')
    assert.equal((await send(emulator, { method: 'HEAD', key: 'k', agent })).status, 404)
    assert.equal(emulator.openConnections, 1)
    for (const folder of ['data', 'objects', 'temporary']) {
      assert.deepEqual(readdirSync(join(emulator.directory, folder)), [], folder)
    }
    agent.destroy()
  })

  it('leaves an upload as it was, whichever of its requests it hits', async () => {
    await using emulator = await startEmulator()
    const full: FaultAction = { type: 'disk-full' }
    emulator.faults.inject({ match: { operation: 'InitiateMultipartUpload' }, action: full })
    emulator.faults.inject({ match: { operation: 'UploadPart' }, action: full })
    emulator.faults.inject({ match: { operation: 'CompleteMultipartUpload' }, action: full })
    await assert.rejects(initiate(emulator, 'k'), /500/)
    assert.deepEqual(readdirSync(join(emulator.directory, 'uploads')), [])
    const uploadId = await initiate(emulator, 'k')
    assert.equal((await uploadPart(emulator, 'k', uploadId, 1, 'x')).status, 500)
    const part = await uploadPart(emulator, 'k', uploadId, 1, 'x')
    const parts = [{ partNumber: 1, etag: String(part.headers['etag']) }]
    assert.equal((await complete(emulator, 'k', uploadId, parts)).status, 500)
    assert.equal(await isStored(emulator), false)
    assert.equal((await complete(emulator, 'k', uploadId, parts)).status, 200)
  })
})

describe('the fault "garbage"', () => {
  it('sends what is not HTTP', async () => {
    await using emulator = await emulatorWith({ type: 'garbage' })
    await assert.rejects(send(emulator, PUT), /Parse Error/)
    assert.equal(await isStored(emulator), false)
  })
})
