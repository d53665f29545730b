import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { buildRingsModule, RINGS_MODULE } from './build-rings.js'

test('the embedded module is what its source assembles to, byte for byte', async () => {
  assert.equal(await readFile(RINGS_MODULE, 'utf8'), await buildRingsModule())
})
