/** A variable of the environment; one that is set to nothing counts as not set. */
export function variable(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return env[name] === '' ? undefined : env[name]
}
