import { requireKnownNames, type Given } from '../../config/strict-configs.js'
import { fillTrainConfig, type TrainConfig } from '../../config/training.js'
import { UserError } from '../../errors.js'
import { expectObject } from '../../expect.js'
import { resumedOptions } from './resumed-options.js'

/**
 * The configuration of a run that goes on from a checkpoint, with options that are not given as they were: of a run
 * named by `resume_id` or `wandb_id` all of them, of a file at `resume_checkpoint`, which a new run starts from, those of
 * the model and the data.
 * @param given which of the three it is, and the options that are to be others from now on
 * @param root the folder of all runs
 * @throws UserError if nothing to resume is named or there, for an option that does not work or that no option has
 *   the name of, and for one that makes another model than the checkpoint's.
 */
export function resumeTrainConfig(given: Given<TrainConfig>, root = 'checkpoints'): TrainConfig {
  expectObject('resumeTrainConfig takes options by name', given, {})
  requireKnownNames('resumeTrainConfig', given)
  // What asks for the default asks for what there was.
  const options = Object.fromEntries(
    Object.entries<unknown>(given).filter(([, value]) => value !== undefined && value !== null),
  )
  const { values, checkpoint } = resumedOptions(options, root)
  if (checkpoint === undefined)
    throw new UserError(
      'resumeTrainConfig takes what to go on from: resume_id, wandb_id or resume_checkpoint; ' +
        'a new run has what resolveTrainConfig gives',
    )
  return fillTrainConfig(values)
}
