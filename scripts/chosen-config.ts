import { absentAttentionSizes, featureMapSizes } from '../src/config/attention-sizes.js'
import { asTyped } from '../src/config/option.js'
import { fillTrainConfig } from '../src/config/training.js'
import { datasetDefaults } from '../src/data/registry.js'
import { UserError } from '../src/errors.js'
import { resumedOptions } from '../src/training/checkpoints/resumed-options.js'
import type { ResolvedTrainConfig } from '../src/training/checkpoints/save-checkpoint.js'
import { requireSchedule } from '../src/training/require-schedule.js'
import { printedConfig } from './print-config.js'
import type { Terminal } from './terminal.js'

/** The folder of all runs. */
export const RUNS = 'checkpoints'

/**
 * The configuration of `train` that the options given make, which is printed.
 * @param given options without defaults
 * @throws UserError for options that do not work, or a checkpoint that does not.
 */
export function chosenConfig(
  given: Readonly<Record<string, unknown>>,
  terminal: Terminal,
): ResolvedTrainConfig {
  const { values, checkpoint, changes } = resumedOptions(given, RUNS)
  const config = withDatasetDefaults(values)
  requireSchedule(config)
  terminal.log(`configuration:\n${printedConfig({ ...config })}`)
  if (checkpoint !== undefined)
    terminal.log(
      `${config.resume_checkpoint ? 'model and data are' : 'options not given are'} those of ${checkpoint}`,
    )
  for (const { name, saved, given } of changes)
    terminal.log(`${name} was ${asTyped(saved)} there and is ${asTyped(given)} now`)
  if (checkpoint === undefined)
    for (const size of absentAttentionSizes(config))
      terminal.log(
        `note: nothing attends at ${size} of --attention_resolutions: ` +
          `the feature maps are ${featureMapSizes(config).join(', ')} pixels wide`,
      )
  return config
}

/** What the data set decides where nothing is said. */
function withDatasetDefaults(values: Readonly<Record<string, unknown>>): ResolvedTrainConfig {
  const { dataset: name, image_size: imageSize, T } = fillTrainConfig(values)
  if (name === undefined) throw new UserError('--dataset is required: see fdm train --help')
  const defaults = datasetDefaults(name)
  const image_size = imageSize ?? defaults.imageSize
  const config = fillTrainConfig({ ...values, image_size, T: T === -1 ? (defaults.T ?? -1) : T })
  return { ...config, image_size }
}
