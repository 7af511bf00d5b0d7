import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import path from 'node:path'

// npm links the commands of a package's dependencies, but not its own: with this link `npx fdm` runs the
// checkout's own build at once, on every version of npm.
const root = path.join(import.meta.dirname, '../..')
const program = path.join(root, 'dist/scripts/fdm.js')
const link = path.join(root, 'node_modules/.bin/fdm')

chmodSync(program, 0o755)
mkdirSync(path.dirname(link), { recursive: true })
rmSync(link, { force: true })
symlinkSync(path.relative(path.dirname(link), program), link)
