/** An emulator in a process of its own, to be killed: sends how to reach it, then serves. */
import process from 'node:process'
import { startEmulator } from '../../src/emulator/index.js'

const directory = process.argv[2]
if (directory === undefined) throw new Error('which directory?')
const { endpoint, region, credentials } = await startEmulator({ directory })
process.send?.({ endpoint, region, credentials })
