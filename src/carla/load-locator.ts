import { UserError } from '../errors.js'
import { tensorsByName } from '../torch-file/tensors-by-name.js'
import { compile } from '../runtime/compile.js'
import { tf, type Tensor4D } from '../runtime/tf.js'
import { readTorchFile } from '../torch-file/index.js'
import type { NamedWeights } from './network/folded-layers.js'
import { readPictureNetwork, runPictureNetwork, type PictureNetwork } from './picture-network.js'
import { CELLS } from './town-cells.js'

/** Where in the town pictures were taken. */
export interface Located {
  /** (N, 2): x and y in metres. */
  readonly coordinates: Float32Array
  /** Of each picture, the cell that it was taken to be in. */
  readonly cells: readonly number[]
  /** (N, 100): what the classifier says of each cell. */
  readonly logits: Float32Array
}

export interface Locator {
  /**
   * @param frames (N, height, width, 3), uint8
   */
  locate(frames: Uint8Array, size: { readonly height: number; readonly width: number }): Promise<Located>
  /** Frees the weights. */
  dispose(): void
}

/**
 * Reads the two networks that tell where a frame of CARLA was taken: a ResNet that chooses one of 100 cells of
 * the town, and another with a linear layer for each cell that gives the position. ResNets of any depth.
 * @throws UserError naming the file and the tensor that is missing or has another shape.
 */
export function loadLocator(paths: { readonly classifier: string; readonly regressor: string }): Locator {
  return createLocator({
    classifier: { file: paths.classifier, tensors: tensorsByName(readTorchFile(paths.classifier)) },
    regressor: { file: paths.regressor, tensors: tensorsByName(readTorchFile(paths.regressor)) },
  })
}

type File = Pick<NamedWeights, 'file' | 'tensors'>

/** As `loadLocator`, from weights that are read. */
export function createLocator(files: { readonly classifier: File; readonly regressor: File }): Locator {
  const classifier = readClassifier(files.classifier)
  const regressor = readRegressor(files.regressor)
  const runners = [classifier, regressor].map(({ plan, parameters }) => {
    const run = compile((frames: Tensor4D, weights: PictureNetwork['parameters']) =>
      runPictureNetwork(frames, plan, weights),
    )
    return { run: (frames: Tensor4D) => run(frames, parameters), dispose: run.dispose }
  })
  return {
    async locate(frames, { height, width }) {
      const input = tf.tensor4d(new Float32Array(frames), [
        frames.length / (height * width * 3),
        height,
        width,
        3,
      ])
      const outputs = runners.map(({ run }) => run(input))
      const [logits, positions] = await Promise.all(outputs.map((output) => output.data<'float32'>()))
      tf.dispose([input, ...outputs])
      return choose(logits ?? new Float32Array(), positions ?? new Float32Array())
    },
    dispose() {
      for (const { dispose } of runners) dispose()
      tf.dispose([...classifier.parameters.values(), ...regressor.parameters.values()])
    },
  }
}

function readClassifier(file: File): PictureNetwork {
  const weights = withPrefix(file, 'fc.weight')
  return readPictureNetwork(weights, { weights, kind: 'classifier' })
}

function readRegressor(file: File): PictureNetwork {
  const weights = withPrefix(file, 'regressors.0.weight')
  const backbone = { ...weights, prefix: `${weights.prefix}resnet.` }
  return readPictureNetwork(backbone, { weights, kind: 'regressor' })
}

/** A state dict may lie inside of a checkpoint, or come from a wrapped module. */
function withPrefix({ file, tensors }: File, name: string): NamedWeights {
  const full = [...tensors.keys()].find((key) => key === name || key.endsWith(`.${name}`))
  if (full === undefined)
    throw new UserError(
      `${file}: the tensor ${name} is missing: is it the ${name.startsWith('fc') ? 'classifier' : 'regressor'} of CARLA's coordinates?`,
    )
  return { file, tensors, prefix: full.slice(0, full.length - name.length) }
}

/** The position that the layer of the likeliest cell gives. */
function choose(logits: Float32Array, positions: Float32Array): Located {
  const count = logits.length / CELLS
  const cells = Array.from({ length: count }, (_, i) => {
    const row = logits.subarray(i * CELLS, (i + 1) * CELLS)
    return row.reduce((best, value, cell) => (value > (row[best] ?? NaN) ? cell : best), 0)
  })
  const coordinates = new Float32Array(2 * count)
  cells.forEach((cell, i) => {
    const at = 2 * (i * CELLS + cell)
    coordinates.set(positions.subarray(at, at + 2), 2 * i)
  })
  return { coordinates, cells, logits }
}
