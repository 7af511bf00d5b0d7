import { expect, it } from 'vitest'
import { superviseRanks } from '../../scripts/supervise-ranks.js'
import { silentTerminal, type Terminal } from '../../scripts/terminal.js'

it.each([
  [2, 1, '--devices 2 is more than the one GPU there is'],
  [9, 8, '--devices 9 is more than the 8 GPUs there are'],
  [5000, 0, /^--devices 5000 is more than the \d+ cores there are$/],
])('%i ranks on %i GPUs are refused before any is started', async (devices, cards, message) => {
  const terminal = silentTerminal({ signal: new AbortController().signal } as Terminal)
  await expect(superviseRanks({ devices, words: [], cards }, terminal)).rejects.toThrow(message)
})
