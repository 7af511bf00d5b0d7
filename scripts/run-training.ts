import path from 'node:path'
import { resolveTrainConfig } from '../src/config/training.js'
import { datasetDefaults } from '../src/data/registry.js'
import { UserError } from '../src/errors.js'
import { writeFileAtomic } from '../src/files.js'
import { startRuntime } from '../src/runtime/start.js'
import type { ResolvedTrainConfig } from '../src/training/save-checkpoint.js'
import type { Preview } from '../src/training/sample-preview.js'
import { train, type RunResult } from '../src/training/train.js'
import { markObserved } from '../src/video/border.js'
import { encodeGif } from '../src/video/gif.js'
import { filmGrid } from '../src/video/grid.js'
import { openConfigDataset } from './open-dataset.js'
import { printedConfig } from './print-config.js'
import { withProgress, type Terminal } from './terminal.js'

/** Frames a second of sampled previews. */
const PREVIEW_FPS = 10

export interface TrainingRequest {
  /** Options of `train`, from the command line or elsewhere. */
  readonly values: Readonly<Record<string, unknown>>
  /** The folder of a new run below `checkpoints`. */
  readonly newRunId: string
  /** Prints the configuration and stops there. */
  readonly dryRun: boolean
  /** Whether videos are sampled now and then. */
  readonly previews: boolean
}

/**
 * Trains with a bar, lines of numbers and, if asked for, pictures: what `train` and the demo share.
 * @throws UserError for options, data or files that do not work.
 */
export async function runTraining(
  { values, newRunId, dryRun, previews }: TrainingRequest,
  terminal: Terminal,
): Promise<RunResult | undefined> {
  const config = withDatasetDefaults(values)
  terminal.log(`configuration:\n${printedConfig({ ...config })}`)
  if (dryRun) return undefined
  const dataset = await openConfigDataset(config, 'train', terminal)
  const runtime = await startRuntime({
    backend: config.backend,
    precision: config.use_fp16 ? 'bf16' : config.precision,
  })
  terminal.log(runtime.description)
  return withProgress(terminal, 'training', (update) =>
    train({
      config,
      dataset,
      newRunId,
      now: () => performance.now(),
      signal: terminal.signal,
      trackers: [{ log: (step, { loss, grad_norm: gradNorm }) => logStep(terminal, step, loss, gradNorm) }],
      onStart: ({ runId, folder, step, checkpoint, numParameters }) => {
        terminal.log(`run ${runId} in ${folder}: ${(numParameters / 1e6).toFixed(1)} million parameters`)
        if (checkpoint !== undefined) terminal.log(`going on after step ${step} from ${checkpoint}`)
      },
      onStep: (step, total, loss) => update(step, total ?? step, `loss ${loss.toFixed(4)}`),
      onSave: ({ ema, model }, step) => terminal.log(`step ${step} saved: ${ema[0] ?? model}`),
      ...(previews && {
        onSample: (preview: Preview, step: number) => {
          const file = path.join('results', newRunId, 'previews', `step${String(step).padStart(6, '0')}.gif`)
          writeFileAtomic(file, encodeGif(previewFilm(preview), PREVIEW_FPS))
          terminal.log(`step ${step} sampled: ${file}`)
        },
      }),
    }),
  )
}

/** What the data set decides where nothing is said. */
function withDatasetDefaults(values: Readonly<Record<string, unknown>>): ResolvedTrainConfig {
  const { dataset: name, image_size: imageSize, T } = resolveTrainConfig(values)
  if (name === undefined) throw new UserError('--dataset is required')
  const defaults = datasetDefaults(name)
  const image_size = imageSize ?? defaults.imageSize
  const config = resolveTrainConfig({ ...values, image_size, T: T === -1 ? (defaults.T ?? -1) : T })
  return { ...config, image_size }
}

function previewFilm({ shape: [B, T, H, W, C], pixels, numObserved }: Preview) {
  const size = T * H * W * C
  const films = Array.from({ length: B }, (_, b) => {
    const data = pixels.subarray(b * size, (b + 1) * size)
    return [markObserved({ shape: [T, H, W, C], data }, numObserved)]
  })
  return filmGrid(films)
}

function logStep(terminal: Terminal, step: number, loss = NaN, gradNorm = NaN): void {
  terminal.log(`step ${step}: loss ${loss.toFixed(4)}, gradient norm ${gradNorm.toFixed(3)}`)
}
