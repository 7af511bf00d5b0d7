import { createRequire } from 'node:module'
import path from 'node:path'
import { UserError } from '../errors.js'
import { reasonOf, runCommand } from './run-command.js'

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

/**
 * Calls the C++ compiler with the settings and headers that every part of a Node addon needs.
 * @throws UserError if there is none or it fails.
 */
export async function runCompiler(more: readonly string[]): Promise<void> {
  const compiler = await findCompiler()
  if (!compiler) {
    throw new UserError(
      'a C++ compiler is needed to build the TensorFlow binding: install g++ (Debian, Ubuntu: apt install g++) or name one in CXX',
    )
  }
  const headers = path.dirname(createRequire(import.meta.url).resolve('node-api-headers/package.json'))
  const settings = ['-O2', '-std=c++17', '-fPIC', '-w', '-DNAPI_VERSION=8', `-I${headers}/include`]
  const result = await runCommand([compiler.command, ...settings, ...more])
  if (result.status !== 0) {
    const output = path.basename(more.at(-1) ?? '')
    throw new UserError(
      `${compiler.command} could not build the TensorFlow binding ${output} (${reasonOf(result)})`,
    )
  }
}
