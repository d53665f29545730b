import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'

const PROGRAM = `
  import { pipeline } from 'node:stream/promises'
  import { openStore } from 'oss-upload-stream'
  import { startEmulator } from 'oss-upload-stream/emulator'
  const credentials = { accessKeyId: 'AnAccessKeyId0123', accessKeySecret: 'AnAccessKeySecret0123', securityToken: 'ASecurityToken0123' }
  const { endpoint, region, faults, close } = await startEmulator({ credentials })
  faults.inject({ match: { operation: 'UploadPart' }, times: 1, action: { type: 'error', status: 503, code: 'InternalError' } })
  const store = openStore({ bucket: 'bucket', endpoint, region, credentials, retry: { baseDelayMs: 0 } })
  await pipeline([Buffer.alloc(250_000)], store.createUploadStream('a\\nkey', { partSize: 102_400, concurrency: 1 }))
  await store.close()
  await close()`

/** What the built package says on standard error. */
function saidWith(variable: string): string[] {
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    encoding: 'utf8',
    env: { ...process.env, NODE_V8_COVERAGE: '', NODE_DEBUG: variable },
  })
  assert.equal(status, 0, stderr)
  return stderr.split('\n').filter((line) => line !== '')
}

describe('NODE_DEBUG=oss-upload-stream', () => {
  it('reports uploads, requests, parts and retries in lines, without secrets', () => {
    const lines = saidWith('oss-upload-stream')
    for (const line of lines) {
      assert.match(line, /^OSS-UPLOAD-STREAM \d+: /)
      assert.doesNotMatch(line, /AnAccessKeySecret|ASecurityToken|signature/i)
    }
    const place = '"oss://bucket/a\\\\nkey"'
    const expected = [
      `upload ${place} begins`,
      `UploadPart ${place} part 1 attempt 1 of 102400 bytes begins`,
      `UploadPart ${place} part 1 attempt 1 failed: .*503 InternalError.* \\(\\d+ ms\\)`,
      `UploadPart of part 1 for "a\\\\nkey": attempt 2 follows in \\d+ ms`,
      `UploadPart ${place} part 1 attempt 2 returned status 200, request ID \\w+ \\(\\d+ ms\\)`,
      `UploadPart ${place} part 3 attempt 1 returned status 200, .*`,
      `CompleteMultipartUpload ${place} attempt 1 returned status 200, .*`,
      `upload ${place} stored: 250000 bytes in 3 parts, CRC-64 \\d+ \\(\\d+ ms\\)`,
    ]
    for (const line of expected) assert.match(lines.join('\n'), new RegExp(`^[^:]*: ${line}$`, 'm'))
  })

  it('prints nothing if it is not enabled', () => {
    assert.deepEqual(saidWith(''), [])
  })
})
