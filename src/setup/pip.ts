import { readdirSync } from 'node:fs'
import path from 'node:path'
import { UserError } from '../errors.js'
import { reasonOf, runCommand } from './run-command.js'

export type Pip = readonly [string, ...string[]]

/** How Python's package installer may be called, in the order tried. */
const SPELLINGS: readonly Pip[] = [['python3', '-m', 'pip'], ['python', '-m', 'pip'], ['pip3'], ['pip']]

/** The first spelling of pip that answers, or undefined. */
export async function findPip(): Promise<Pip | undefined> {
  for (const pip of SPELLINGS) {
    if ((await runCommand([...pip, '--version'])).status === 0) return pip
  }
  return undefined
}

/**
 * Fetches wheels into a folder without installing anything and without what they depend on. Asks for the
 * wheels of Python 3.11 whatever Python runs pip: only the libraries inside are used, and the user's own
 * Python may be one that no wheel is made for.
 * @returns the wheels' paths, sorted.
 * @throws UserError if pip is missing or fails.
 */
export async function downloadWheels(requirements: readonly string[], folder: string): Promise<string[]> {
  const pip = await findPip()
  if (!pip) {
    throw new UserError(
      `pip is needed to fetch ${requirements.join(', ')}: install Python 3 with pip (Debian, Ubuntu: apt install python3-pip)`,
    )
  }
  const options = ['--no-deps', '--only-binary=:all:', '--python-version', '3.11', '--progress-bar', 'off']
  const quiet = ['--disable-pip-version-check', '--no-input', '--dest', folder]
  const result = await runCommand([...pip, 'download', ...options, ...quiet, ...requirements])
  if (result.status !== 0) {
    throw new UserError(
      `pip could not fetch ${requirements.join(', ')} (${reasonOf(result)}): check the network connection and the free disk space`,
    )
  }
  return readdirSync(folder)
    .filter((name) => name.endsWith('.whl'))
    .sort()
    .map((name) => path.join(folder, name))
}
