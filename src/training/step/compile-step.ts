import { compile, type Compiled } from '../../runtime/compile.js'
import { compileSettings } from '../../runtime/compile-settings.js'
import type { TrainingState } from './state.js'
import {
  batchGradients,
  disposeGradients,
  trainingStep,
  updateState,
  type StepInputs,
  type StepResult,
  type StepSettings,
} from './step.js'
import { sumBatchGradients } from './sum-gradients.js'

type CompiledStep = Compiled<[state: TrainingState, inputs: StepInputs], StepResult>

/**
 * A training step as the runtime is set to compute it: one operation, in which sums over ranks run beside the
 * backward pass. XLA cannot have these in what it compiles: with it, it is three, one after the other.
 */
export function compileStep(settings: StepSettings): CompiledStep {
  const { ranks } = settings
  const how = compileSettings()
  if (!ranks || !how.xla)
    return compile((state: TrainingState, inputs: StepInputs) => trainingStep(settings, state, inputs), how)
  const gradients = compile(
    (state: TrainingState, inputs: StepInputs) => batchGradients(settings, state, inputs),
    how,
  )
  const update = compile((...[state, gradients, scalars]: UpdateArguments) => {
    return updateState(settings, state, gradients, scalars)
  }, how)
  const step = (state: TrainingState, inputs: StepInputs): StepResult => {
    const own = gradients(state, inputs)
    const { gradients: sums, ...rest } = sumBatchGradients(ranks, own)
    disposeGradients(own)
    const updated = update(state, sums, inputs.scalars)
    for (const sum of sums.values()) sum.dispose()
    return { ...updated, ...rest }
  }
  const dispose = () => {
    gradients.dispose()
    update.dispose()
  }
  return Object.assign(step, { dispose })
}

type UpdateArguments = [
  state: TrainingState,
  gradients: Parameters<typeof updateState>[2],
  scalars: StepInputs['scalars'],
]
