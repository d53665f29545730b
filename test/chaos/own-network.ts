/** A network of this process's own, whose lines and names can be taken away: for outages that no proxy can play. */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Set in the process that runs in a network of its own. */
const MARK = 'OWN_NETWORK'

/** No machine has this address: what is sent to it arrives nowhere. */
const NOBODY = '02:00:00:00:00:99'

/** The name of the service, where it is reached by one: without a dot, so the bucket is in the path. */
export const HOST = 'storehost'

/** Runs this program once more, in a network of its own, and resolves with its exit status; undefined where it is in one, or there can be none. */
export async function restartInOwnNetwork(): Promise<number | undefined> {
  if (process.env[MARK] !== undefined) {
    await run('ip', ['link', 'set', 'lo', 'up'])
    return undefined
  }
  if (spawnSync('unshare', ['--net', '--mount', 'ip', 'link', 'set', 'lo', 'up']).status !== 0) return undefined
  const child = spawn(
    'unshare',
    ['--net', '--mount', process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    { stdio: 'inherit', env: { ...process.env, [MARK]: '1' } },
  )
  const [code] = (await once(child, 'close')) as [number | null]
  return code ?? 1
}

/** Whether this process has a network of its own. */
export function hasOwnNetwork(): boolean {
  return process.env[MARK] !== undefined
}

let cables = 0

/** A cable from this network to another one, in which clients run. */
export class Cable {
  /** Of this end, for servers. */
  readonly address: string
  readonly #far: string
  readonly #name: string
  readonly #holder: ChildProcess

  private constructor(index: number, holder: ChildProcess) {
    this.address = `10.77.${index}.1`
    this.#far = `10.77.${index}.2`
    this.#name = `cable${index}`
    this.#holder = holder
  }

  static async lay(): Promise<Cable> {
    cables += 1
    const index = cables
    const holder = spawn('unshare', ['--net', 'sh', '-c', 'echo there; exec sleep 7200'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(holder.stdout, 'data')
    const cable = new Cable(index, holder)
    const [near, far] = [cable.#name, `${cable.#name}far`]
    await run('ip', ['link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', String(holder.pid)])
    await run('ip', ['address', 'add', `${cable.address}/24`, 'dev', near])
    await run('ip', ['link', 'set', near, 'up'])
    await cable.#there('address', 'add', `${cable.#far}/24`, 'dev', far)
    await cable.#there('link', 'set', far, 'up')
    return cable
  }

  /** A command that runs at the far end. */
  commandThere(command: readonly string[]): string[] {
    return ['nsenter', '--net', '--target', String(this.#holder.pid), ...command]
  }

  /** Takes the interface of the far end down; returns what takes it up again. */
  async takeDown(): Promise<() => Promise<void>> {
    const far = `${this.#name}far`
    await this.#there('link', 'set', far, 'down')
    return () => this.#there('link', 'set', far, 'up')
  }

  /** Loses every packet in both directions; returns what ends that. Connections stay, as after any loss of packets. */
  async silence(): Promise<() => Promise<void>> {
    const far = `${this.#name}far`
    const [here, there] = [this.#far, this.address]
    await run('ip', ['neighbour', 'replace', here, 'lladdr', NOBODY, 'nud', 'permanent', 'dev', this.#name])
    await this.#there('neighbour', 'replace', there, 'lladdr', NOBODY, 'nud', 'permanent', 'dev', far)
    return async () => {
      await run('ip', ['neighbour', 'delete', here, 'dev', this.#name])
      await this.#there('neighbour', 'delete', there, 'dev', far)
    }
  }

  cut(): void {
    this.#holder.kill()
  }

  async #there(...args: string[]): Promise<void> {
    const [command = '', ...rest] = this.commandThere(['ip', ...args])
    await run(command, rest)
  }
}

/** A table of names of its own for a command. */
export class Names {
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async open(): Promise<Names> {
    const names = new Names(await mkdtemp(path.join(tmpdir(), 'names-')))
    await writeFile(names.#file('nsswitch.conf'), 'hosts: files\n')
    await names.put(true)
    return names
  }

  /** Whether the service has a name from now on. */
  async put(isNamed: boolean): Promise<void> {
    await writeFile(this.#file('hosts'), `127.0.0.1 localhost\n${isNamed ? `127.0.0.1 ${HOST}\n` : ''}`)
  }

  /** The command with this table in the place of the machine's. */
  commandWith(command: readonly string[]): string[] {
    const mounts = ['hosts', 'nsswitch.conf'].map((name) => `mount --bind '${this.#file(name)}' /etc/${name}`)
    return ['unshare', '--mount', 'sh', '-c', `${mounts.join(' && ')} && exec "$@"`, 'sh', ...command]
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }

  #file(name: string): string {
    return path.join(this.#folder, name)
  }
}
