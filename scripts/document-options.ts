import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { withOptionHelp } from './with-option-help.js'

/*
 * Part of the build: what options are is data, which declarations leave out. This puts it into the declarations of
 * dist/src/config, for editors to show. Done again, it changes nothing.
 */
const folder = path.join(import.meta.dirname, '..', 'src', 'config')
for (const file of readdirSync(folder).filter((name) => name.endsWith('.d.ts'))) {
  const declarations = path.join(folder, file)
  const module = pathToFileURL(declarations.replace(/\.d\.ts$/, '.js')).href
  const before = readFileSync(declarations, 'utf8')
  const after = withOptionHelp(before, (await import(module)) as Readonly<Record<string, unknown>>)
  if (after !== before) writeFileSync(declarations, after)
}
