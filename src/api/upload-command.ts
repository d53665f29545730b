import { Readable } from 'node:stream'
import { takeOptions } from '../shared/check-option.js'
import { toError } from '../shared/errors.js'
import { runCommand } from '../source/command.js'
import { checkCommand, COMMAND_OPTION_NAMES, type CommandOptions } from '../source/command-options.js'
import { lenderOf, type UploadStream } from '../stream/upload-stream.js'
import { UPLOAD_OPTION_NAMES, type UploadOptions } from '../upload/upload-options.js'
import type { UploadResult } from '../upload/upload-result.js'

/** Options of the command and of the upload. */
export interface CommandUploadOptions extends UploadOptions, CommandOptions {}

/** Uploads the output of a command. Rejects when the command has ended and the failed upload is cleaned up. */
export async function uploadCommand(
  createUploadStream: (options: UploadOptions) => UploadStream,
  command: string,
  args: readonly string[],
  options: CommandUploadOptions,
): Promise<UploadResult> {
  const input = inputOf(options)
  // Even if the call is refused: an error of the source must not end the process.
  input?.on('error', () => undefined)
  try {
    return await run(createUploadStream, command, args, options)
  } catch (error) {
    input?.destroy()
    throw error
  }
}

/** Returns the stream for the command's standard input. The options are checked elsewhere. */
function inputOf(options: CommandUploadOptions): Readable | undefined {
  try {
    const { stdin } = options
    return stdin instanceof Readable ? stdin : undefined
  } catch {
    return undefined
  }
}

async function run(
  createUploadStream: (options: UploadOptions) => UploadStream,
  command: string,
  args: readonly string[],
  options: CommandUploadOptions,
): Promise<UploadResult> {
  const names = [...UPLOAD_OPTION_NAMES, ...COMMAND_OPTION_NAMES]
  const entries = Object.entries(takeOptions('the upload of a command', options, names))
  const isOwn = ([name]: [string, unknown]): boolean => COMMAND_OPTION_NAMES.some((own) => own === name)
  const checked = checkCommand(command, args, Object.fromEntries(entries.filter(isOwn)))
  const upload = createUploadStream(Object.fromEntries(entries.filter((entry) => !isOwn(entry))))
  // It is reported by `done`.
  upload.on('error', () => undefined)
  const running = runCommand(checked, lenderOf(upload)).then(
    () => void upload.end(),
    (error: unknown) => void upload.destroy(toError(error)),
  )
  try {
    return await upload.done
  } finally {
    await running
  }
}
