import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parameterSpecs } from '../../src/model/parameters.js'
import { fromTorchLayout } from '../../src/model/torch-layout.js'
import { scopeOf } from '../../src/nn/scope.js'
import { startRuntime } from '../../src/runtime/start.js'
import { tf, type Tensor } from '../../src/runtime/tf.js'
import { startingPoint } from '../../src/training/checkpoints/resume.js'
import { ADAMW_DEFAULTS, adamwScalars } from '../../src/training/step/adamw.js'
import { parameterUpdate } from '../../src/training/step/parameter-update.js'
import { disposeState } from '../../src/training/step/state.js'
import { availableBackends } from '../helpers/backends.js'
import { smallConfig } from './fixtures.js'
import { runChild } from './run-child.js'

/** A Python that has PyTorch; without one, these tests are passed over. */
const PYTHON = process.env.FDM_PYTHON
const BACKEND = availableBackends()[0] ?? 'wasm'
const root = mkdtempSync(path.join(tmpdir(), 'fdm-pytorch-'))
afterAll(() => rmSync(root, { recursive: true }))

const options = { lr: 1e-3, weight_decay: 0.01, ema_rate: '0.9,0.5', max_steps: 2, save_interval: 2 } as const
/** Gradients that both sides make for themselves: of the parameter of a number, value by value. */
const gradientOf = (parameter: number, value: number) =>
  Math.sin(0.7 * value + parameter) / (1 + (parameter % 7))

/**
 * What the original does between two saves, with the gradients above: resumes from our files (model, averages
 * and optimizer), one `AdamW.step`, the averages, and a save as it makes it, with parameters in the state dict.
 */
const ONE_STEP = `
import sys, torch
from collections import OrderedDict
folder = sys.argv[1]
load = lambda name: torch.load(f'{folder}/{name}', map_location='cpu', weights_only=True)
model, rates = load('model000002.pt'), (0.9, 0.5)
params = [torch.nn.Parameter(p.clone()) for p in model['state_dict'].values()]
averages = [[p.clone() for p in load(f'ema_{rate}_000002.pt')['state_dict'].values()] for rate in rates]
opt = torch.optim.AdamW(params, lr=1.0, weight_decay=0.5)
opt.load_state_dict(load('opt000002.pt'))
for i, p in enumerate(params):
    index = torch.arange(p.numel(), dtype=torch.float64)
    p.grad = (torch.sin(0.7 * index + i) / (1 + i % 7)).float().reshape(p.shape)
opt.step()
for rate, average in zip(rates, averages):
    for a, p in zip(average, params):
        a.mul_(rate).add_(p.detach(), alpha=1 - rate)
def save(name, values):
    state = OrderedDict(zip(model['state_dict'], values))
    state._metadata = OrderedDict([('', {'version': 1})])
    torch.save({'state_dict': state, 'config': {**model['config'], 'resume_id': '', 'fp16_scale_growth': 1e-3}, 'step': 3}, f'{folder}/{name}')
save('model000003.pt', params)
for rate, average in zip(rates, averages):
    save(f'ema_{rate}_000003.pt', average)
torch.save(opt.state_dict(), f'{folder}/opt000003.pt')
`

describe.skipIf(!PYTHON)('PyTorch (skipped without FDM_PYTHON, a Python that has torch)', () => {
  beforeAll(() => startRuntime({ backend: BACKEND }))

  it('goes on from our checkpoints and we from its: a step on both sides gives the same', async () => {
    const run = { backend: BACKEND, root, runId: 'both' }
    await runChild({ ...run, config: options })
    const config = smallConfig({ ...options, resume_id: 'both' })
    const before = startingPoint(config, root)
    execFileSync(PYTHON ?? '', ['-c', ONE_STEP, path.join(root, 'both')])
    const after = startingPoint(config, root)
    expect([before.step, before.optimizerStep, after.step, after.optimizerStep]).toEqual([2, 2, 3, 3])

    const settings = { ...ADAMW_DEFAULTS, emaRates: [0.9, 0.5] }
    const numbers = adamwScalars(
      { lr: options.lr, betas: settings.betas, weightDecay: options.weight_decay },
      3,
    )
    let [worst, moved] = [0, 0]
    parameterSpecs(config).forEach(({ name, shape }, i) => {
      tf.tidy(() => {
        const size = tf.util.sizeFromShape([...shape])
        const grad = fromTorchLayout(
          Float32Array.from({ length: size }, (_, j) => gradientOf(i, j)),
          shape,
        )
        const { params, expAvg, expAvgSq, ema } = before.state
        const of = (tensors: typeof params) => scopeOf(tensors).get(name)
        const scalars = {
          keep: tf.scalar(numbers.keep),
          stepSize: tf.scalar(numbers.stepSize),
          rootCorrection: tf.scalar(numbers.rootCorrection),
        }
        const slot = { param: of(params), grad, expAvg: of(expAvg), expAvgSq: of(expAvgSq) }
        const ours = parameterUpdate(slot, ema.map(of), scalars, settings)
        const theirs = after.state
        moved = Math.max(moved, difference(of(params), ours.param))
        const pairs: readonly (readonly [Tensor, Tensor])[] = [
          [ours.param, of(theirs.params)],
          [ours.expAvg, of(theirs.expAvg)],
          [ours.expAvgSq, of(theirs.expAvgSq)],
          ...ours.averages.map((average, e) => [average, of(theirs.ema[e] ?? new Map())] as const),
        ]
        for (const [one, other] of pairs) worst = Math.max(worst, difference(one, other))
      })
    })
    disposeState(before.state)
    disposeState(after.state)
    // A first step with weight of its own moves a parameter by about the learning rate.
    expect(moved).toBeGreaterThan(5e-4)
    // Parameters and moments are of the order of 1 and less: float32 rounding.
    expect(worst).toBeLessThan(2e-7)

    // And training goes on from what PyTorch has saved.
    const saved: number[] = []
    await runChild({ ...run, config: { ...options, resume_id: 'both', max_steps: 4 } }, (step) =>
      saved.push(step),
    )
    expect(saved).toEqual([4])
  }, 180_000)
})

/** The largest difference, relative where values are above 1. */
function difference(a: Tensor, b: Tensor): number {
  const [x, y] = [a.dataSync<'float32'>(), b.dataSync<'float32'>()]
  return x.reduce((most, value, i) => {
    const between = Math.abs(value - (y[i] ?? NaN)) / Math.max(1, Math.abs(value))
    return between <= most ? most : between
  }, 0)
}
