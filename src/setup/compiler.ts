import { runCommand } from './run-command.js'

export interface Compiler {
  readonly command: string
  /** The first line of what it says about its version. */
  readonly version: string
}

/** The first C++ compiler that answers: `CXX`, g++, c++, clang++. Undefined if none does. */
export async function findCompiler(env: NodeJS.ProcessEnv = process.env): Promise<Compiler | undefined> {
  for (const command of [env.CXX, 'g++', 'c++', 'clang++']) {
    if (!command) continue
    const { status, stdout } = await runCommand([command, '--version'])
    if (status === 0) return { command, version: stdout.split('\n')[0] ?? '' }
  }
  return undefined
}
