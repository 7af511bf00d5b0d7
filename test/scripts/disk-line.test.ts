import { expect, it } from 'vitest'
import { diskLine } from '../../scripts/disk-line.js'

it('says what a disk does not take, and what comes next', () => {
  const reason = 'could not write a.pt: the disk is full'
  const [step, what] = [7, 'the log']
  expect([
    diskLine({ kind: 'not saved', step, reason, wait: 60, goesOn: true }),
    diskLine({ kind: 'not saved', step, reason, wait: 240, goesOn: true }),
    diskLine({ kind: 'not saved', step, reason, wait: 4, goesOn: false }),
    diskLine({ kind: 'saved again', step, failures: 1 }),
    diskLine({ kind: 'not written', what, reason }),
    diskLine({ kind: 'written again', what, lost: 0 }),
    diskLine({ kind: 'written again', what, lost: 2 }),
    diskLine({ kind: 'not removed', reason }),
  ]).toEqual([
    `step 7 is not saved: ${reason}; training goes on and tries again in about 60 s`,
    `step 7 is not saved: ${reason}; training goes on and tries again in about 4 minutes`,
    `step 7 is not saved: ${reason}; trying again in 4 s`,
    'step 7 could be saved, after 1 try in vain',
    `${reason}: training goes on, and the log is kept in memory until that changes`,
    'the log is written again, with all that was kept',
    'the log is written again, but for the oldest 2 entries of the time between, which were too many to keep',
    `older checkpoints could not be removed: ${reason}; it is tried again with the next`,
  ])
})
