import { spawnSync } from 'node:child_process'
import path from 'node:path'

// TensorFlow is set up first so that its tests run too; where that cannot be, the wasm backend is tested alone.
const root = path.join(import.meta.dirname, '../..')
const run = (script: string, ...words: readonly string[]) =>
  spawnSync(process.execPath, [path.join(root, script), ...words], { cwd: root, stdio: 'inherit' }).status

if (run('dist/scripts/fdm.js', 'setup') !== 0)
  process.stderr.write('TensorFlow could not be set up: testing without it\n')
process.exitCode = run('node_modules/vitest/vitest.mjs', 'run', ...process.argv.slice(2)) ?? 1
