import { spawn, type ChildProcessByStdio } from 'node:child_process'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

/**
 * Runs a TypeScript module as a Node process of its own.
 * @param module its URL, `new URL('./child.ts', import.meta.url)`
 */
export function spawnModule(
  module: URL,
  env: Readonly<Record<string, string>>,
): ChildProcessByStdio<null, Readable, Readable> {
  return spawn(process.execPath, moduleArguments(module), {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** What Node is told to run a TypeScript module. */
export function moduleArguments(module: URL): string[] {
  const script =
    "const { runnerImport } = await import('vite'); await runnerImport(process.argv[1], { configFile: false })"
  return ['--input-type=module', '--eval', script, fileURLToPath(module)]
}
