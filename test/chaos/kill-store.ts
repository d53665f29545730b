/** The emulator in a process of its own, which tells when asked what parts it was sent. */
import process from 'node:process'
import { startEmulator } from 'oss-upload-stream/emulator'

/** Of a request that sent a part: how much of its body came. */
export interface ReceivedPart {
  key: string | undefined
  partNumber: number
  bytes: number
}

const emulator = await startEmulator({ requestLogSize: 100_000 })
const { endpoint, region, credentials } = emulator
process.on('message', () => {
  const parts: ReceivedPart[] = emulator.requests
    .filter(({ operation }) => operation === 'UploadPart')
    .map(({ key, query, bytes }) => ({ key, partNumber: Number(query['partNumber']), bytes }))
  process.send?.(parts)
})
process.once('disconnect', () => void emulator.close())
process.send?.({ endpoint, region, credentials })
