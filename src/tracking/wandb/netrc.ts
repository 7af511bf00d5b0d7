import { readFileSync } from 'node:fs'
import path from 'node:path'
import { homeFolder } from '../../files/home-folder.js'
import { variable } from './variable.js'

/** The password that `~/.netrc` (or the file that NETRC names) has for a host, where `wandb login` puts keys. */
export function netrcPassword(env: NodeJS.ProcessEnv, host: string): string | undefined {
  const home = homeFolder(env)
  const named = variable(env, 'NETRC')
  const inHome = home === undefined ? [] : ['.netrc', '_netrc'].map((name) => path.join(home, name))
  const files = named !== undefined ? [named] : inHome
  for (const file of files) {
    let text: string
    try {
      text = readFileSync(file, 'utf8')
    } catch {
      // Not there, or not for us to read: as if there were none.
      continue
    }
    const password = passwordIn(text, host)
    if (password !== undefined) return password
  }
  return undefined
}

function passwordIn(text: string, host: string): string | undefined {
  const words = text.replace(/^\s*#.*$/gm, '').split(/\s+/)
  let here = false
  for (let i = 0; i < words.length; i++) {
    if (words[i] === 'machine') here = words[i + 1] === host
    else if (words[i] === 'default') here = false
    else if (here && words[i] === 'password') return words[i + 1]
  }
  return undefined
}
