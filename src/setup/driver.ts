import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { UserError } from '../errors.js'
import { resolvePackage } from '../runtime/find-tensorflow.js'
import { SHARED_TFJS } from '../runtime/load-tensorflow.js'
import { runNpm } from './npm.js'
import { reasonOf } from './run-command.js'

/** The release of `@tensorflow/tfjs-node-gpu` whose addon source is compiled and whose JavaScript is used. */
export const DRIVER_VERSION = '4.22.0'

/** Where `installDriver` puts the package below its folder. */
export function driverIn(folder: string): string {
  return path.join(folder, 'node_modules/@tensorflow/tfjs-node-gpu')
}

/** Where the driver package is installed beside this one, if it is, in the release that is used. */
export function installedDriver(): string | undefined {
  const folder = resolvePackage(import.meta.dirname, '@tensorflow/tfjs-node-gpu')
  if (folder === undefined) return undefined
  const manifest = readFileSync(path.join(folder, 'package.json'), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version === DRIVER_VERSION ? folder : undefined
}

/**
 * Fetches the driver package into an empty folder, running no install script: its own downloads an old
 * TensorFlow. In place of the package's 270 MB tensor library it gets one file that hands it the
 * caller's, which it has to share anyway.
 * @throws UserError if npm is missing or fails.
 */
export async function installDriver(folder: string): Promise<void> {
  for (const name of SHARED_PACKAGES) {
    const shared = path.join(folder, path.basename(name))
    mkdirSync(shared, { recursive: true })
    const manifest = { name, version: DRIVER_VERSION, main: 'index.js' }
    writeFileSync(path.join(shared, 'package.json'), JSON.stringify(manifest))
    writeFileSync(
      path.join(shared, 'index.js'),
      `module.exports = globalThis[Symbol.for('${SHARED_TFJS}')]\n`,
    )
  }
  const shared = SHARED_PACKAGES.map((name) => [name, `file:./${path.basename(name)}`] as const)
  const project = {
    private: true,
    dependencies: { ...Object.fromEntries(shared), '@tensorflow/tfjs-node-gpu': DRIVER_VERSION },
    overrides: Object.fromEntries(SHARED_PACKAGES.map((name) => [name, `$${name}`])),
  }
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify(project))
  const options = ['--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund', '--no-progress']
  const result = await runNpm(['install', ...options], folder)
  if (result.status !== 0) {
    throw new UserError(
      `npm could not fetch @tensorflow/tfjs-node-gpu ${DRIVER_VERSION} (${reasonOf(result)}): check that npm is installed and the network connection`,
    )
  }
}

/** What the driver imports of the tensor library. The first contains all of the second. */
const SHARED_PACKAGES = ['@tensorflow/tfjs', '@tensorflow/tfjs-core']
