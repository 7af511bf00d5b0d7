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
  const script =
    "const { runnerImport } = await import('vite'); await runnerImport(process.argv[1], { configFile: false })"
  return spawn(process.execPath, ['--input-type=module', '--eval', script, fileURLToPath(module)], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}
