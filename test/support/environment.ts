import type { TestContext } from 'node:test'

/** The variables alone that begin with `OSS_`, until the test ends. */
export function setEnvironment(t: Pick<TestContext, 'after'>, variables: NodeJS.ProcessEnv): void {
  const before = { ...process.env }
  const replace = (environment: NodeJS.ProcessEnv) => {
    for (const name of Object.keys(process.env)) if (name.startsWith('OSS_')) Reflect.deleteProperty(process.env, name)
    Object.assign(process.env, environment)
  }
  replace(variables)
  t.after(() => replace(before))
}
