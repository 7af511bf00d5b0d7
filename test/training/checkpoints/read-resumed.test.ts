import { mkdtempSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createModel } from '../../../src/model/video-model.js'
import { startRuntime } from '../../../src/runtime/start.js'
import { startingPoint } from '../../../src/training/checkpoints/resume.js'
import { resumedOptions } from '../../../src/training/checkpoints/resumed-options.js'
import { saveCheckpoint } from '../../../src/training/checkpoints/save-checkpoint.js'
import { disposeState, initialState } from '../../../src/training/step/state.js'
import { availableBackends } from '../../helpers/backends.js'
import { smallConfig } from '../fixtures.js'

const root = mkdtempSync(path.join(tmpdir(), 'fdm-damaged-'))
const folder = path.join(root, 'killed')
const ADVICE = /truncated; move the files of step 6 away to resume from those of step 3$/

const save = (...steps: readonly number[]) => {
  const model = createModel(smallConfig())
  const state = initialState(model.parameters, 1)
  model.dispose()
  for (const step of steps)
    saveCheckpoint(
      folder,
      smallConfig(),
      [0.9999],
      { ...state, optimizerStep: step },
      { step, lastLine: 0, timesteps: { history: [] }, means: {} },
    )
  disposeState(state)
}

beforeAll(async () => {
  await startRuntime({ backend: availableBackends()[0] ?? 'wasm' })
  save(3, 6)
})
afterAll(() => rmSync(root, { recursive: true }))

const resume = () => disposeState(startingPoint(smallConfig({ resume_id: 'killed' }), root).state)

it.each(['opt000006.pt', 'ema_0.9999_000006.pt', 'model000006.pt'])(
  'a %s that a killed program left unfinished is answered by the set before',
  (name) => {
    save(6)
    truncateSync(path.join(folder, name), 1000)
    expect(resume).toThrow(ADVICE)
    if (name.startsWith('model')) expect(() => resumedOptions({ resume_id: 'killed' }, root)).toThrow(ADVICE)
  },
)

it('there is no such advice where there is no set before', () => {
  for (const name of ['model', 'opt', 'ema_0.9999_']) rmSync(path.join(folder, `${name}000006.pt`))
  truncateSync(path.join(folder, 'opt000003.pt'), 1000)
  expect(resume).toThrow(/opt000003.pt: .* truncated$/)
})
