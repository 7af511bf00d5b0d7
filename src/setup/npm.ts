import { existsSync } from 'node:fs'
import path from 'node:path'
import { type CommandResult, runCommand } from './run-command.js'

/** Runs npm with the given arguments in a folder: the npm that came with this Node where there is one. */
export function runNpm(args: readonly string[], cwd: string): Promise<CommandResult> {
  const script = npmScript()
  const npm: readonly [string, ...string[]] = script ? [process.execPath, script] : ['npm']
  return runCommand([...npm, ...args], { cwd })
}

function npmScript(): string | undefined {
  const installed = path.join(path.dirname(process.execPath), '../lib/node_modules/npm/bin/npm-cli.js')
  const caller = process.env.npm_execpath
  const candidates = caller?.endsWith('npm-cli.js') ? [installed, caller] : [installed]
  return candidates.find((file) => existsSync(file))
}
