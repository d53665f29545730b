import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { someBytes } from '../support/bytes.js'
import { emulatedStore, exists, unfinishedUploads } from '../support/emulated-store.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { openShell } from './shell.js'

const TARGET = 'oss://test-bucket/k'

describe('pipes of the shell', { concurrency: 3 }, () => {
  it('store an archive of a folder, and bring it back', async (t) => {
    const { emulator } = await emulatedStore(t)
    const folder = await temporaryFolder(t)
    await mkdir(path.join(folder, 'data/below'), { recursive: true })
    await writeFile(path.join(folder, 'data/größe'), someBytes(9_000_000))
    await writeFile(path.join(folder, 'data/below/empty'), '')
    const shell = await openShell(t, emulator)
    const { code, stderr } = await shell(
      `tar -C '${folder}' -cf - data | ossup put ${TARGET} -q && mkdir back && ossup get ${TARGET} -q | tar -C back -xf - && diff -r '${folder}/data' back/data`,
    )
    assert.equal(code, 0, stderr)
  })

  it('cannot detect that a producer was killed half-way, but a guard can', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const shell = await openShell(t, emulator)
    const killed = `{ head -c 12000000 /dev/zero; kill -KILL $BASHPID; }`
    const unguarded = await shell(`set +o pipefail; ${killed} | ossup put ${TARGET}`)
    assert.equal(unguarded.code, 0, unguarded.stderr)
    assert.equal((await store.head('k')).size, 12_000_000)

    const guarded = await shell(`set +o pipefail; ${killed} | ossup put ${TARGET}.guarded --min-size 12MiB`)
    assert.equal(guarded.code, 3)
    assert.match(guarded.stderr, /12,000,000 bytes\): --min-size is 12\.0 MiB; .* was not stored\n$/)
    const ran = await shell(`ossup put ${TARGET}.ran -- bash -c '${killed}'`)
    assert.equal(ran.code, 3)
    assert.match(ran.stderr, /bash ended with SIGKILL; .* was not stored\n$/)
    for (const key of ['k.guarded', 'k.ran']) assert.equal(await exists(store, key), false)
    assert.deepEqual(await unfinishedUploads(store), [])
  })

  it('may be closed by the reader of the object', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const shell = await openShell(t, emulator)
    const upload = store.createUploadStream('k')
    upload.end(someBytes(3_000_000))
    await upload.done
    const { stdout, stderr } = await shell(`ossup get ${TARGET} | head -c 10 | wc -c; echo "\${PIPESTATUS[0]}"`)
    assert.equal(stdout, '10\n141\n')
    assert.equal(stderr, '')
  })
})
