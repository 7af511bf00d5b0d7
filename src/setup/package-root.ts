import { existsSync } from 'node:fs'
import path from 'node:path'

/** The folder of this package, in the checkout and where it is installed: the nearest with a package.json. */
export function packageRoot(): string {
  let folder = import.meta.dirname
  while (!existsSync(path.join(folder, 'package.json'))) folder = path.dirname(folder)
  return folder
}
