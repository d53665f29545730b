import type { TestContext } from 'node:test'

/** Of the services' variables these alone, until the test ends. */
export function setEnvironment(t: Pick<TestContext, 'after'>, variables: NodeJS.ProcessEnv): void {
  const before = { ...process.env }
  const replace = (environment: NodeJS.ProcessEnv) => {
    for (const name of Object.keys(process.env))
      if (/^(?:OSS|OBS|AWS)_/.test(name)) Reflect.deleteProperty(process.env, name)
    Object.assign(process.env, environment)
  }
  replace(variables)
  t.after(() => replace(before))
}
