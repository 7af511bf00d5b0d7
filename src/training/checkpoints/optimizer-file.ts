import type { TrainingConfig } from '../../config/training.js'
import { elementCount } from '../../element-count.js'
import { UserError } from '../../errors.js'
import type { ParameterSpec } from '../../model/parameters.js'
import { fromTorchLayout, toTorchLayout } from '../../model/torch-layout.js'
import { scopeOf, type Parameters } from '../../nn/scope.js'
import { tf, type Tensor } from '../../runtime/tf.js'
import { PyFloat, readTorchFile, tensor, TorchTensor, tuple, writeTorchFile } from '../../torch-file/index.js'
import type { TorchRecord, TorchValue } from '../../torch-file/index.js'
import { ADAMW_DEFAULTS } from '../step/adamw.js'

/** What AdamW remembers. */
export interface OptimizerState {
  readonly expAvg: Parameters
  readonly expAvgSq: Parameters
  /** Updates it has counted. */
  readonly step: number
}

/**
 * Writes what `torch.optim.AdamW.state_dict()` gives, parameters numbered in order.
 * @param used the learning rate and the weight decay of the last update: an annealed rate, not the one it falls from
 * @throws UserError naming the file if it cannot be written.
 */
export function writeOptimizerFile(
  file: string,
  { expAvg, expAvgSq, step }: OptimizerState,
  specs: readonly ParameterSpec[],
  used: Pick<TrainingConfig, 'lr' | 'weight_decay'>,
): void {
  const moments = specs.map(({ name, shape }, i) => {
    const moment = (values: Parameters) => tensor('float32', shape, toTorchLayout(scopeOf(values).get(name)))
    const slot = {
      step: tensor('float32', [], [step]),
      exp_avg: moment(expAvg),
      exp_avg_sq: moment(expAvgSq),
    }
    return [i, slot] as const
  })
  writeTorchFile(file, {
    state: new Map(moments),
    param_groups: [
      {
        lr: new PyFloat(used.lr),
        betas: tuple(ADAMW_DEFAULTS.betas),
        eps: ADAMW_DEFAULTS.eps,
        weight_decay: new PyFloat(used.weight_decay),
        amsgrad: false,
        maximize: false,
        foreach: null,
        capturable: false,
        differentiable: false,
        fused: null,
        decoupled_weight_decay: true,
        params: specs.map((_, i) => i),
      },
    ],
  })
}

/**
 * Reads a file that PyTorch or {@link writeOptimizerFile} wrote. Learning rate and weight decay are the
 * run's own, not the file's.
 * @param specs the parameters, in the order that the file numbers them
 * @throws UserError naming the file and the parameter that does not fit.
 */
export function readOptimizerFile(file: string, specs: readonly ParameterSpec[]): OptimizerState {
  const root = readTorchFile(file)
  const numbers = parameterNumbers(root)
  if (numbers?.length !== specs.length)
    throw new UserError(
      `${file}: an optimizer state of ${specs.length} parameters was expected, ` +
        (numbers ? `it has ${numbers.length}` : 'it is something else'),
    )
  const state = field(root, 'state') ?? null
  const slots = new Map(specs.map((spec, i) => [spec, field(state, numbers[i] ?? i)]))
  const moment = (key: 'exp_avg' | 'exp_avg_sq') =>
    [...slots].map(([spec, slot]): [string, Tensor] => [spec.name, readMoment(file, spec, slot, key)])
  const steps = [...slots.values()].map((slot) => (slot === undefined ? 0 : stepOf(slot)))
  // Where one of them cannot be read, those before it are freed.
  const [expAvg, expAvgSq] = tf.tidy(() => [moment('exp_avg'), moment('exp_avg_sq')])
  return { expAvg: new Map(expAvg), expAvgSq: new Map(expAvgSq), step: Math.max(...steps) }
}

/** An optimizer that never made a step has no slots: its moments are zero. */
function readMoment(file: string, { name, shape }: ParameterSpec, slot: TorchValue | undefined, key: string) {
  if (slot === undefined) return fromTorchLayout(new Float32Array(elementCount(shape)), shape)
  const value = field(slot, key)
  if (!(value instanceof TorchTensor) || value.shape.join() !== shape.join())
    throw new UserError(`${file}: ${key} of parameter ${name} is not a tensor of shape [${shape.join(', ')}]`)
  return fromTorchLayout(value.toFloat32(), shape)
}

/** A tensor today, a plain number in older versions of PyTorch. */
function stepOf(slot: TorchValue): number {
  const step = field(slot, 'step')
  const value = step instanceof TorchTensor ? step.numbers()[0] : step
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : 0
}

function parameterNumbers(root: TorchValue): readonly number[] | undefined {
  const groups = field(root, 'param_groups')
  if (!Array.isArray(groups)) return undefined
  const numbers = groups.flatMap((group: TorchValue) => field(group, 'params') ?? [])
  return numbers.every((number) => typeof number === 'number') ? numbers : undefined
}

/** An entry of a dict; undefined if there is none, or no dict. */
function field(value: TorchValue, key: string | number): TorchValue | undefined {
  if (value instanceof Map) return (value as ReadonlyMap<TorchValue, TorchValue>).get(key)
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return (value as TorchRecord)[key]
}

