import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseArguments } from '../../../src/cli/options/arguments.js'
import { COMMANDS } from '../../../src/cli/commands/commands.js'
import { explain, overview } from '../../../src/cli/commands/explain/help.js'
import { emulatedStore } from '../../support/emulated-store.js'
import { ossup } from '../ossup.js'

const [PUT] = COMMANDS

describe('arguments', () => {
  it('have any command after --', () => {
    const { operands, rest, options } = parseArguments(PUT!.options, [
      ...['oss://b/k', '--tag=a=b', '--expect-tail', '-- complete', '--tag', 'c='],
      ...['--', 'pg_dump', '--', '--acl', 'x'],
    ])
    assert.deepEqual(operands, ['oss://b/k'])
    assert.deepEqual(rest, ['pg_dump', '--', '--acl', 'x'])
    assert.deepEqual(options.pairs('tag'), { a: 'b', c: '' })
    assert.equal(options.text('expect-tail'), '-- complete')
    assert.equal(options.text('acl'), undefined)
  })

  it('are refused with what is wrong', () => {
    for (const [args, message] of [
      [['--nope'], /^Unknown option '--nope'$/],
      [['--acl'], /--acl <value>' argument missing/],
      [['--forbid-overwrite=x'], /does not take an argument/],
    ] as const) {
      assert.throws(() => parseArguments(PUT!.options, args), { exitCode: 2, message })
    }
    const { options } = parseArguments(PUT!.options, ['--tag', 'a', '--acl=', '--concurrency', 'many'])
    assert.throws(() => options.pairs('tag'), /--tag must be NAME=VALUE \(got "a"\)/)
    assert.throws(() => options.text('acl'), /--acl is empty/)
    assert.throws(() => options.wholeNumber('concurrency'), /--concurrency must be a whole number \(got "many"\)/)
  })
})

describe('the help', () => {
  for (const command of COMMANDS) {
    it(`of ${command.name} fits 80 columns and names every option`, () => {
      const lines = explain(command).split('\n')
      for (const line of lines) assert.ok(line.length <= 80, line)
      for (const { name } of [...command.options, ...command.sharedOptions])
        assert.ok(lines.join('\n').includes(`--${name}`))
      assert.ok(lines.includes('Exit status:'))
    })
  }

  it('explains the values of shared options as well, in groups', () => {
    const text = explain(PUT!).replace(/\s+/g, ' ')
    assert.match(text, / Service: .*--addressing STYLE .*virtual, path, cname --network/)
    assert.match(text, / Credentials: .*--credentials SOURCE .*: instance, oidc, chain /)
    assert.match(text, / Progress: .*154\+5 parts 154 parts are stored, 5 are in flight/)
    assert.match(text, / Exit status: .* 3 the command, a file or standard input failed/)
  })

  it('names every command', () => {
    const lines = overview(COMMANDS).split('\n')
    assert.ok(lines.length <= 24)
    for (const line of lines) assert.ok(line.length <= 80, line)
    for (const { name } of COMMANDS) assert.ok(lines.some((line) => line.startsWith(`  ${name} `)))
  })
})

describe('what is typed wrong', { concurrency: 3 }, () => {
  for (const [what, args, message] of [
    ['nothing', [], /^ossup \d.*\n\nossup COMMAND/],
    ['an unknown command', ['upload'], /there is no command "upload": the commands are put, get/],
    ['no target', ['put'], /put needs TARGET/],
    ['another service', ['put', 'ftp://b/k'], /TARGET must be oss:\/\/bucket\/key, .* \(got "ftp:\/\/b\/k"\)/],
    ['a target without a key', ['put', 'oss://bucket'], /has no key/],
    [
      'a size without sense',
      ['put', 'oss://bucket/k', '--part-size', '8XB'],
      /--part-size must be a size .* \(got "8XB"\)/,
    ],
    [
      'a part size that is not possible',
      ['put', 'oss://bucket/k', '--part-size', '1B', '--', 'touch', '/nope'],
      /partSize must be an integer .* \(got 1\)/,
    ],
    ['an unknown option', ['head', 'oss://bucket/k', '--part-size', '1MiB'], /Unknown option '--part-size'/],
    ['an option without its value', ['put', 'oss://bucket/k', '--acl'], /--acl <value>' argument missing/],
    ['a flag with a value', ['put', 'oss://bucket/k', '--quiet=yes'], /'-q, --quiet' does not take an argument/],
    ['too many operands', ['head', 'oss://bucket/k', 'another'], /head takes only TARGET \(got also another\)/],
    ['no command after --', ['put', 'oss://bucket/k', '--'], /there is no command after --/],
    ['a command for who runs none', ['head', 'oss://bucket/k', '--', 'cat'], /head runs no command after --/],
    [
      'a time without a unit',
      ['abort', 'oss://bucket', '--older-than', '24'],
      /--older-than must be a time .* \(got "24"\)/,
    ],
    [
      'files without a place',
      ['put', 'oss://bucket/k', 'a', 'b'],
      /2 files need a target that ends with \/.*; a command must follow --/,
    ],
    [
      'two uploads with one checkpoint',
      ['put', 'oss://bucket/in/', 'a', 'b', '--checkpoint', 'c'],
      /--checkpoint works with one upload/,
    ],
    ['neither id nor age', ['abort', 'oss://bucket/k'], /abort needs one of/],
  ] as const) {
    it(`is refused without a stack: ${what}`, async (t) => {
      const { emulator } = await emulatedStore(t)
      const { code, stdout, stderr } = await ossup(emulator, args)
      assert.equal(code, 2)
      assert.match(stderr, message)
      assert.doesNotMatch(stderr, /^ +at /m)
      assert.equal(stdout, '')
      assert.equal(emulator.requests.length, 0)
    })
  }

  it('gets the form of a target if no service is named', async () => {
    const { code, stderr } = await ossup(undefined, ['put', 'bucket/k'])
    assert.equal(code, 2)
    assert.match(stderr, /TARGET must be oss:\/\/bucket\/key, .* \(got "bucket\/k"\)/)
  })

  it('is shown with a stack on request, without secrets', async (t) => {
    const { emulator } = await emulatedStore(t)
    const { code, stderr } = await ossup(emulator, ['head', 'oss://test-bucket/nothing', '--debug'])
    assert.equal(code, 6)
    assert.match(stderr, /^ {4}at /m)
    for (const secret of Object.values(emulator.credentials)) assert.ok(!stderr.includes(String(secret)))
  })

  it('reports missing credentials', async () => {
    const { code, stderr } = await ossup(undefined, ['head', 'oss://bucket/k', '--region', 'cn-hangzhou'])
    assert.equal(code, 2)
    assert.match(stderr, /^ossup: there are no credentials for oss:\/\/\n/)
    const places = [/set OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET/, /~\/\.ossutilconfig/, /--credentials instance/]
    for (const place of places) assert.match(stderr, place)
    const half = { OSS_ACCESS_KEY_ID: 'id' }
    const other = await ossup(undefined, ['head', 'oss://bucket/k', '--region', 'cn-hangzhou'], { environment: half })
    assert.match(other.stderr, /OSS_ACCESS_KEY_SECRET is missing: it goes with OSS_ACCESS_KEY_ID/)
  })
})
