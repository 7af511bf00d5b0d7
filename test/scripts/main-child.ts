import { setTimeout } from 'node:timers/promises'
import { Interruption } from '../../scripts/interrupted.js'
import { main } from '../../scripts/main.js'
import { LostWork } from '../../src/errors.js'

// A program that says something again and again until it is told to stop, and then saves; told with `stubborn`,
// it never does. With `short` it ends by itself, with `once` at once, with `long` after a line of 1 MB. With `lost`
// it cannot save, with `denied` it may not use a file, with `gone` it misses one, with `other` it ends because another process has got a signal.

const how = process.env.FDM_CHILD

await main(async (terminal) => {
  if (how === 'once') {
    terminal.log('all')
    process.stderr.write('saved\n')
    return
  }
  const end =
    how === 'short' || how === 'long' || how === 'other' || how === 'denied' || how === 'gone' ? 3 : Infinity
  for (let step = 0; step < end && (how === 'stubborn' || !terminal.signal.aborted); step++) {
    terminal.log(`step ${step}`)
    await setTimeout(20)
  }
  if (how === 'lost') throw new LostWork('step 7 is not saved')
  if (how === 'denied') throw Object.assign(new Error('EACCES'), { code: 'EACCES', path: '/data/a' })
  if (how === 'gone') throw Object.assign(new Error('ENOENT'), { code: 'ENOENT', path: '/data/a' })
  if (how === 'other') throw new Interruption('SIGPIPE')
  if (how === 'long') terminal.log('x'.repeat(1e6))
  process.stderr.write('saved\n')
})
