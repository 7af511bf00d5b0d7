import { transform } from 'esbuild'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/**
 * Hooks of Node's module loader (https://nodejs.org/api/module.html#hooks) that make the TypeScript sources
 * run as they are: an import of `./name.js` that is not there is taken for `./name.ts`.
 */
export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context)
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || !/^(\.{0,2}\/|file:).*\.js$/.test(specifier)) throw error
    return next(specifier.replace(/\.js$/, '.ts'), context)
  }
}

export async function load(url, context, next) {
  if (!/^file:.*\.ts$/.test(url)) return next(url, context)
  const text = await readFile(fileURLToPath(url), 'utf8')
  const { code } = await transform(text, { loader: 'ts', target: 'es2023', sourcefile: fileURLToPath(url) })
  return { format: 'module', source: code, shortCircuit: true }
}
