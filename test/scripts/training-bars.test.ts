import { expect, it } from 'vitest'
import type { Terminal } from '../../scripts/terminal.js'
import { trainingBars } from '../../scripts/training-bars.js'

it('shows samples on a bar of their own, and then training again', () => {
  const shown: string[] = []
  const terminal: Terminal = {
    signal: new AbortController().signal,
    log: () => undefined,
    progress: (title) => {
      shown.push(`${title}:`)
      return {
        update: (done, total) => shown.push(`${done}/${total}`),
        clear: () => undefined,
        stop: () => shown.push(`${title} ended`),
      }
    },
  }
  const bars = trainingBars(terminal)
  bars.training(4, 9, '')
  bars.training(5, 9, '')
  bars.sampling(5, 0, 2)
  bars.sampling(5, 2, 2)
  bars.training(6, 9, '')
  bars.stop()
  expect(shown).toEqual(
    ['training:', '4/9', '5/9', 'samples of step 5:', '0/2', '2/2', 'training:', '6/9', 'training ended'], // prettier-ignore
  )
})
