import { describe, expect, it } from 'vitest'
import { LostWork, UserError } from '../../../src/errors.js'
import type { DiskNews } from '../../../src/training/outages/disk-news.js'
import { patientSave, type SaveOccasion } from '../../../src/training/outages/patient-save.js'

const systemError = (code: string) => Object.assign(new Error(`${code}: failed`), { code })
const full = () => new UserError('could not write x: the disk is full', { cause: systemError('ENOSPC') })

/** Saves where one try after the other fails of something, or takes some milliseconds. */
function saves(
  outcomes: readonly (Error | 'saved')[],
  { takes = 0, signal }: { takes?: number; signal?: AbortSignal } = {},
) {
  let [time, tries] = [0, 0]
  const news: DiskNews[] = []
  const save = patientSave({
    patience: { between: 60_000, atEnd: [1, 2, 3], whenStopped: [1] },
    now: () => time,
    tell: (told) => news.push(told),
    signal,
  })
  const write = () => {
    time += takes
    const outcome = outcomes[tries++] ?? 'saved'
    if (outcome !== 'saved') throw outcome
  }
  return {
    news,
    tries: () => tries,
    at: (step: number, occasion: SaveOccasion, stepTime = 1000) => save(write, { step, occasion, stepTime }),
  }
}

describe('on the way', () => {
  it('waits a minute of steps, and says when it works again', async () => {
    const { at, news } = saves([full(), systemError('EIO')])
    expect(await at(100, 'on the way')).toBe(60)
    expect(await at(160, 'on the way', 7000)).toBe(9)
    expect(await at(169, 'on the way')).toBe(0)
    expect(await at(200, 'on the way')).toBe(0)
    expect(news).toEqual([
      { kind: 'not saved', step: 100, reason: 'could not write x: the disk is full', wait: 60, goesOn: true },
      { kind: 'not saved', step: 160, reason: 'EIO: failed', wait: 60, goesOn: true },
      { kind: 'saved again', step: 169, failures: 2 },
    ])
  })

  it('waits for longer where a try takes long, and some steps where they take no time', async () => {
    expect(await saves([full()], { takes: 12_000 }).at(1, 'on the way')).toBe(240)
    expect(await saves([full()]).at(1, 'on the way', 0)).toBe(10_000)
    expect(await saves([full()]).at(1, 'on the way', 1e6)).toBe(1)
  })

  it.each([
    ['ENOSPC', true],
    ['EDQUOT', true],
    ['EIO', true],
    ['EROFS', true],
    ['ESTALE', true],
    ['EACCES', true],
    ['ENAMETOOLONG', false],
    ['ENOTDIR', false],
    ['EFBIG', false],
    ['ENOENT', false],
  ])('%s: whether waiting may change it: %s', async (code, isPassing) => {
    const error = new UserError('could not write', { cause: systemError(code) })
    const saved = saves([error]).at(1, 'on the way')
    await (isPassing ? expect(saved).resolves.toBe(60) : expect(saved).rejects.toBe(error))
  })

  it('faults of the program are none of the disk', async () => {
    const { at, news } = saves([new TypeError('x is not a function')])
    await expect(at(1, 'on the way')).rejects.toThrow(TypeError)
    expect(news).toEqual([])
  })
})

describe('the last time', () => {
  it('is tried some times', async () => {
    const { at, news } = saves([full(), full(), full()])
    expect(await at(7, 'at the end')).toBe(0)
    expect(news.map((told) => ('wait' in told ? [told.wait, told.goesOn] : told.kind))).toEqual([
      [0.001, false],
      [0.002, false],
      [0.003, false],
      'saved again',
    ])
  })

  it('ends with the reason, sooner where somebody waits', async () => {
    const ended = saves(Array<Error>(9).fill(full()))
    const failure = ended.at(7, 'at the end')
    await expect(failure).rejects.toThrow(LostWork)
    await expect(failure).rejects.toThrow('step 7 is not saved: could not write x: the disk is full')
    expect(ended.tries()).toBe(4)
    const stopped = saves(Array<Error>(9).fill(full()), { signal: AbortSignal.abort() })
    await expect(stopped.at(7, 'when stopped')).rejects.toThrow(LostWork)
    expect(stopped.tries()).toBe(2)
  })

  it('is tried once more at once when somebody stops the run meanwhile', async () => {
    const stop = new AbortController()
    const save = patientSave({
      patience: { between: 1, atEnd: [1, 1e6, 1], whenStopped: [] },
      now: () => 0,
      tell: () => undefined,
      signal: stop.signal,
    })
    let tries = 0
    const write = () => {
      if (++tries === 2) setTimeout(() => stop.abort(), 5)
      throw full()
    }
    await expect(save(write, { step: 1, occasion: 'at the end', stepTime: 1 })).rejects.toThrow(LostWork)
    expect(tries).toBe(3)
  })

  it('is not tried again where waiting changes nothing, and work is lost all the same', async () => {
    const { at, tries } = saves([new UserError('another process has taken over run a')])
    await expect(at(7, 'when stopped')).rejects.toThrow(LostWork)
    expect(tries()).toBe(1)
  })
})
