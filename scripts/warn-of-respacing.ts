import { respacingWarning } from '../src/diffusion/respacing-warning.js'
import type { Terminal } from './terminal.js'

/** A line about steps that leave the noisiest ones out, if they do. */
export function warnOfRespacing(config: Parameters<typeof respacingWarning>[0], terminal: Terminal): void {
  const warning = respacingWarning(config)
  if (warning !== undefined) terminal.log(`warning: ${warning}`)
}
