import type { Parameters } from '../../nn/scope.js'
import { tf, type Tensor } from '../../runtime/tf.js'

/** Everything that training changes. Each map has the parameters' names in the parameters' order. */
export interface TrainingState {
  readonly params: Parameters
  readonly expAvg: Parameters
  readonly expAvgSq: Parameters
  /** One averaged copy of the parameters per rate, in the order of the rates. */
  readonly ema: readonly Parameters[]
}

/** The state before the first step: moments of zero, averages equal to the parameters. Takes copies. */
export function initialState(params: Parameters, numEmaRates: number): TrainingState {
  const copy = () => mapTensors(params, (tensor) => tensor.clone())
  const zeros = () => mapTensors(params, (tensor) => tf.zerosLike(tensor))
  return {
    params: copy(),
    expAvg: zeros(),
    expAvgSq: zeros(),
    ema: Array.from({ length: numEmaRates }, copy),
  }
}

/** All tensors of a state: parameters, first and second moments, then the averages. */
export function flattenState({ params, expAvg, expAvgSq, ema }: TrainingState): Tensor[] {
  return [params, expAvg, expAvgSq, ...ema].flatMap((tensors) => [...tensors.values()])
}

/** The inverse of {@link flattenState}, for parameters of these names. */
export function unflattenState(tensors: readonly Tensor[], names: readonly string[]): TrainingState {
  const maps: Parameters[] = []
  for (let start = 0; start < tensors.length; start += names.length)
    maps.push(nameTensors(names, tensors.slice(start, start + names.length)))
  const [params, expAvg, expAvgSq, ...ema] = maps
  if (!params || !expAvg || !expAvgSq) throw new RangeError('a training state has at least three maps')
  return { params, expAvg, expAvgSq, ema }
}

/** Tensors in the order of names, by name. */
export function nameTensors(names: readonly string[], tensors: readonly Tensor[]): Parameters {
  if (tensors.length !== names.length)
    throw new RangeError(`${tensors.length} tensors for ${names.length} names`)
  return new Map(tensors.map((tensor, i) => [names[i] ?? '', tensor]))
}

export function disposeState(state: TrainingState): void {
  tf.dispose(flattenState(state))
}

export function mapTensors<V, W>(
  tensors: ReadonlyMap<string, V>,
  change: (tensor: V, name: string) => W,
): ReadonlyMap<string, W> {
  return new Map([...tensors].map(([name, tensor]) => [name, change(tensor, name)]))
}
