import { homedir } from 'node:os'

/** The person's own folder; undefined where the system knows of none, as in some containers. */
export function homeFolder(env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (env.HOME) return env.HOME
  try {
    return homedir() || undefined
  } catch {
    return undefined
  }
}
