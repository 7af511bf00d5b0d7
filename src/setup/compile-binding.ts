import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { UserError } from '../errors.js'
import { findCompiler } from './compiler.js'
import { packageRoot } from './package-root.js'
import { reasonOf, runCommand } from './run-command.js'

const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']

/** Whether a folder holds what the addon is compiled against. */
export function hasLibraries(folder: string): boolean {
  return [...LIBRARIES, 'include/tensorflow/c/c_api.h'].every((name) => existsSync(path.join(folder, name)))
}

/** The C++ files that make up the binding. */
export function bindingSources(driver: string): string[] {
  const folder = path.join(driver, 'binding')
  return readdirSync(folder)
    .filter((name) => name.endsWith('.cc'))
    .sort()
    .map((name) => path.join(folder, name))
}

/** The C++ file of the addon that silences standard error. */
export function gateSource(): string {
  return path.join(packageRoot(), 'native/stderr-gate.cc')
}

/**
 * Compiles the binding, which finds the libraries by their absolute path.
 * @throws UserError if there is no compiler or it fails.
 */
export async function compileBinding(driver: string, libraries: string, output: string): Promise<void> {
  await compileAddon(bindingSources(driver), output, [
    ...[path.join(libraries, 'include'), driver].map((folder) => `-I${folder}`),
    ...LIBRARIES.map((name) => path.join(libraries, name)),
    `-Wl,-rpath,${libraries}`,
  ])
}

/**
 * Compiles a Node addon with one call of the C++ compiler. It depends on the Node-API alone, not on a
 * version of Node.
 * @param more further arguments: include folders, libraries
 * @throws UserError if there is no compiler or it fails.
 */
export async function compileAddon(
  sources: readonly string[],
  output: string,
  more: readonly string[] = [],
): Promise<void> {
  const compiler = await findCompiler()
  if (!compiler) {
    throw new UserError(
      'a C++ compiler is needed to build the TensorFlow binding: install g++ (Debian, Ubuntu: apt install g++) or name one in CXX',
    )
  }
  const headers = path.dirname(createRequire(import.meta.url).resolve('node-api-headers/package.json'))
  const result = await runCommand([
    compiler.command,
    ...['-O2', '-std=c++17', '-fPIC', '-shared', '-w', '-DNAPI_VERSION=8'],
    `-I${path.join(headers, 'include')}`,
    ...sources,
    ...more,
    ...['-o', output],
  ])
  if (result.status !== 0) {
    throw new UserError(
      `${compiler.command} could not build the TensorFlow binding ${path.basename(output)} (${reasonOf(result)})`,
    )
  }
}
