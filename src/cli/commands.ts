import type { Command } from './command.js'
import { EXIT } from './exit-codes.js'
import { GENERAL_OPTIONS, JSON_OPTION, PUT_OPTIONS, STORE_OPTIONS } from './option-specs.js'
import { put } from './put.js'

const SHARED = [...STORE_OPTIONS, JSON_OPTION, ...GENERAL_OPTIONS]

export const COMMANDS: readonly Command[] = [
  {
    name: 'put',
    summary: 'store what a command writes, standard input, or files',
    synopses: ['TARGET -- COMMAND ARGS...', 'TARGET < INPUT', 'TARGET FILE...'],
    options: PUT_OPTIONS,
    sharedOptions: SHARED,
    operands: { min: 1, max: Infinity },
    takesCommand: true,
    examples: ['ossup put oss://backups/app.sql -- pg_dump app'],
    failureCode: EXIT.upload,
    run: put,
  },
]
