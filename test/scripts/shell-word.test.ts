import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { shellWord } from '../../scripts/shell-word.js'

it.each([
  'results/my runs/é/ema_0.99_000012/autoreg_4_2_8_4',
  "results/don't",
  'results/$HOME;ls `id` "x" \\ * ~',
  '',
])('a shell reads %j as one word, unchanged', (word) => {
  const read = execFileSync('sh', ['-c', `printf '%s|' ${shellWord(word)}`], { encoding: 'utf8' })
  expect(read).toBe(`${word}|`)
})

it('leaves words alone that need no quotes', () => {
  expect(shellWord('results/é/ema_0.99_000012_respace10,20/hierarchy-2_4_2_8_4')).not.toContain("'")
})
