import type { Command, Operands } from './command.js'
import { SHELLS } from './shells.js'
import { EXIT } from '../process/exit-codes.js'
import {
  GENERAL_OPTIONS,
  GET_OPTIONS,
  JSON_OPTION,
  type OptionSpec,
  PUT_OPTIONS,
  STORE_OPTIONS,
} from '../options/option-specs.js'

const UPLOAD_ID: OptionSpec = { name: 'upload-id', value: 'ID', help: 'which upload' }

const ABORT_OPTIONS: readonly OptionSpec[] = [
  { name: 'older-than', value: 'TIME', help: 'all whose key begins with the one of TARGET: 30m, 24h, 7d' },
  { name: 'dry-run', help: 'only say which' },
]

const SERVE_OPTIONS: readonly OptionSpec[] = [
  { name: 'port', value: 'N', help: 'default: a free one' },
  { name: 'directory', value: 'FOLDER', help: 'where objects are kept (default: gone when it ends)' },
  { name: 'region', value: 'ID', help: 'default cn-hangzhou' },
]

const ONE_TARGET: Operands = { min: 1, max: 1, kinds: ['target'] }

const SHARED = [...STORE_OPTIONS, JSON_OPTION, ...GENERAL_OPTIONS]

/** A command is loaded when it is called: `--help`, `--version` and completion load nothing of the library. */
export const COMMANDS: readonly Command[] = [
  {
    name: 'put',
    summary: 'store what a command writes, standard input, or files',
    synopses: ['TARGET -- COMMAND ARGS...', 'TARGET < INPUT', 'TARGET FILE...'],
    options: PUT_OPTIONS,
    sharedOptions: SHARED,
    operands: { min: 1, max: Infinity, kinds: ['target', 'file'] },
    takesCommand: true,
    mayLoseOutput: true,
    examples: ['ossup put oss://backups/app.sql -- pg_dump app'],
    failureCode: EXIT.upload,
    run: async (invocation) => (await import('./put.js')).put(invocation),
  },
  {
    name: 'get',
    summary: 'read an object, and verify it',
    synopses: ['TARGET > FILE', 'TARGET -- COMMAND ARGS...'],
    options: GET_OPTIONS,
    sharedOptions: SHARED,
    operands: ONE_TARGET,
    takesCommand: true,
    writesObject: true,
    examples: ['ossup get oss://backups/app.sql -- psql --single-transaction app'],
    failureCode: EXIT.failed,
    run: async (invocation) => (await import('./get.js')).get(invocation),
  },
  {
    name: 'head',
    summary: 'what the store knows of an object',
    synopses: ['TARGET'],
    options: [],
    sharedOptions: SHARED,
    operands: ONE_TARGET,
    takesCommand: false,
    examples: ['ossup head oss://backups/app.sql'],
    failureCode: EXIT.failed,
    run: async (invocation) => (await import('./head.js')).head(invocation),
  },
  {
    name: 'uploads',
    summary: 'unfinished uploads: key, id, age, parts, bytes',
    synopses: ['TARGET'],
    options: [],
    sharedOptions: SHARED,
    operands: ONE_TARGET,
    takesCommand: false,
    examples: ['ossup uploads oss://backups/'],
    failureCode: EXIT.failed,
    run: async (invocation) => (await import('./uploads.js')).uploads(invocation),
  },
  {
    name: 'parts',
    summary: 'the parts of an unfinished upload',
    synopses: ['TARGET'],
    options: [UPLOAD_ID],
    sharedOptions: SHARED,
    operands: ONE_TARGET,
    takesCommand: false,
    examples: ['ossup parts oss://backups/app.sql'],
    failureCode: EXIT.failed,
    run: async (invocation) => (await import('./parts.js')).parts(invocation),
  },
  {
    name: 'abort',
    summary: 'give up unfinished uploads and their parts',
    synopses: ['TARGET --upload-id ID', 'TARGET --older-than TIME'],
    options: [UPLOAD_ID, ...ABORT_OPTIONS],
    sharedOptions: SHARED,
    operands: ONE_TARGET,
    takesCommand: false,
    examples: ['ossup abort oss://backups/ --older-than 24h'],
    failureCode: EXIT.failed,
    run: async (invocation) => (await import('./abort.js')).abort(invocation),
  },
  {
    name: 'serve',
    summary: 'an embedded store on this machine, for development and tests',
    synopses: [''],
    options: SERVE_OPTIONS,
    sharedOptions: [JSON_OPTION, ...GENERAL_OPTIONS],
    operands: { min: 0, max: 0, kinds: [] },
    takesCommand: false,
    mayLoseOutput: true,
    endsBySignal: true,
    examples: ['ossup serve --port 9000'],
    failureCode: EXIT.failed,
    run: async (invocation) => (await import('./serve.js')).serve(invocation),
  },
  {
    name: 'completion',
    summary: 'a script that completes ossup in a shell: bash or zsh',
    synopses: ['SHELL'],
    options: [],
    sharedOptions: GENERAL_OPTIONS,
    operands: { min: 1, max: 1, kinds: [SHELLS] },
    takesCommand: false,
    examples: ['source <(ossup completion bash)'],
    failureCode: EXIT.failed,
    run: async (invocation) => (await import('./completion.js')).completion(invocation, COMMANDS),
  },
]
