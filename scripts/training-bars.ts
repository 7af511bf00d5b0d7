import type { Terminal } from './terminal.js'

/** The bar of training, and in its place that of the samples while they are made. */
export function trainingBars(terminal: Terminal) {
  let bar = terminal.progress('training')
  let shown: number | undefined
  const show = (title: string, sampledAt?: number) => {
    if (shown !== sampledAt) bar = terminal.progress(title)
    shown = sampledAt
  }
  return {
    training: (step: number, total: number, note: string) => {
      show('training')
      bar.update(step, total, note)
    },
    sampling: (step: number, done: number, total: number) => {
      show(`samples of step ${step}`, step)
      bar.update(done, total)
    },
    stop: () => bar.stop(),
  }
}
