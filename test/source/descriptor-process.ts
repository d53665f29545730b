/** A process that uploads the descriptor of which it is given the number, and says what came of it. */
import process from 'node:process'
import { openStore, type UploadError } from '../../src/index.js'

const store = openStore()
try {
  const { size } = await store.upload('k', { fd: Number(process.argv[2]) }, { partSize: 102_400, concurrency: 2 })
  console.log(JSON.stringify({ size }))
} catch (error) {
  const { code, message } = error as UploadError
  console.log(JSON.stringify({ code, message }))
}
await store.close()
