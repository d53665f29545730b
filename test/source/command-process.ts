/** A process that uploads what a script writes, and uses its standard error, which the script shares, when that has begun. */
import { Socket } from 'node:net'
import process from 'node:process'
import { openStore } from '../../src/index.js'

const store = openStore()
// As the first use of process.stderr does, a socket makes the pipe non-blocking for all who have it.
const inspect = { bytes: () => void new Socket({ fd: 2, readable: false, writable: true }).write('begun\n') }
const { size } = await store.uploadCommand('k', 'bash', ['-c', process.argv[2] ?? ''], { inspect })
console.log(size)
await store.close()
