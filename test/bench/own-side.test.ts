import { expect, it } from 'vitest'
import { jobOf } from '../../src/bench/measure-task.js'
import { QUICK_CONFIGURATION, parseConfigurations } from '../../src/bench/configurations.js'
import { OwnSide } from '../../src/bench/own-side.js'
import { OWN_SIDES } from '../../src/bench/sides.js'

it('does not time fp32 under the name of tf32', async () => {
  const [configuration] = parseConfigurations(QUICK_CONFIGURATION)
  const side = OWN_SIDES.find(({ name }) => name === 'tf32')
  if (!configuration || !side) throw new Error('there is no such side')
  const job = jobOf({ ...side, backend: 'wasm' }, { configuration, task: 'sample', threads: 1 })
  await expect(OwnSide.start(job, () => 0)).rejects.toThrow(/, fp32 \(tf32 needs a GPU\)$/)
})
