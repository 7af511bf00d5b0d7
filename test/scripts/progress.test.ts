import { expect, it } from 'vitest'
import { progressBar } from '../../scripts/progress.js'

/** A stream that is no terminal, and what was written to it. */
function logFile() {
  const lines: string[] = []
  const stream = { write: (text: string) => lines.push(text) } as unknown as NodeJS.WriteStream
  return { lines, stream }
}

it('becomes an occasional line where there is no terminal', () => {
  const { lines, stream } = logFile()
  let now = 0
  const bar = progressBar('training', stream, () => now)
  for (let step = 1; step <= 100; step++) {
    bar.update(step, 100, `loss ${step}`)
    now += 1000
  }
  expect(lines[0]).toBe('training 1/100 loss 1\n')
  expect(lines.length).toBeGreaterThan(4)
  expect(lines.length).toBeLessThan(12)
  bar.stop()
  expect(lines.at(-1)).toBe('training 100/100 loss 100\n')
})

it('says the end once, and nothing for a part that never began', () => {
  const { lines, stream } = logFile()
  const bar = progressBar('sampling', stream, () => 0)
  bar.update(1, 1)
  bar.stop()
  bar.stop()
  expect(lines).toEqual(['sampling 1/1\n'])
  const other = logFile()
  progressBar('sampling', other.stream).stop()
  expect(other.lines).toEqual([])
})
