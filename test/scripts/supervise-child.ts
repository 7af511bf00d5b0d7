import { existsSync, writeFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { main } from '../../scripts/main.js'
import { endWithParent, superviseRanks } from '../../scripts/supervise-ranks.js'
import { LostWork } from '../../src/errors.js'

// A program that runs itself in two processes. They say something again and again until one of them is told to stop,
// which it tells the other by a file; told with `lost`, they cannot save then.

const { RANK: rank } = process.env
const words = process.argv.slice(2)
const [how = '', file = ''] = words

await main(async (terminal) => {
  if (rank === undefined) return superviseRanks({ devices: 2, words, cards: 0 }, terminal)
  endWithParent()
  while (!terminal.signal.aborted && !existsSync(file)) {
    terminal.log(`step of rank ${rank}`)
    await setTimeout(20)
  }
  writeFileSync(file, '')
  if (how === 'lost') throw new LostWork(`step 7 is not saved by rank ${rank}`)
})
