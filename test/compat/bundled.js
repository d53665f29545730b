/** A program to be bundled with the library into one file, which then runs where nothing is installed. */
import { pipeline } from 'node:stream/promises'
import { openStore } from 'oss-upload-stream'
import { startEmulator } from 'oss-upload-stream/emulator'

async function main() {
  const { endpoint, region, credentials, close } = await startEmulator()
  const store = openStore({ bucket: 'bucket', endpoint, region, credentials })
  const upload = store.createUploadStream('key', { partSize: 102_400 })
  await pipeline([Buffer.alloc(3 * 102_400 + 1, 'a line of a dump\n')], upload)
  const { parts, crc64 } = await upload.done
  console.log(`${parts} parts, CRC-64 ${crc64}`)
  await store.close()
  await close()
}

void main()
