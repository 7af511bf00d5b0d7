import type { CommandSpec } from './command.js'
import { benchCommand } from './commands/bench.js'
import { carlaMetricsCommand } from './commands/carla-metrics.js'
import { dataCheckCommand } from './commands/data/check.js'
import { dataConvertCommand } from './commands/data/convert.js'
import { dataDownloadCommand } from './commands/data/download.js'
import { dataSplitCommand } from './commands/data/split.js'
import { doctorCommand } from './commands/doctor.js'
import { fvdCommand } from './commands/fvd.js'
import { makeMp4Command } from './commands/make-mp4.js'
import { nllCommand } from './commands/nll.js'
import { optimalScheduleCommand } from './commands/optimal-schedule.js'
import { mazesAccuracyCommand } from './commands/mazes-accuracy.js'
import { planCommand } from './commands/plan.js'
import { qualityCommand } from './commands/quality.js'
import { regressorTrainCommand } from './commands/regressor-train.js'
import { reportCommand } from './commands/report.js'
import { sampleCommand } from './commands/sample.js'
import { sampleLongCommand } from './commands/sample-long.js'
import { setupCommand } from './commands/setup.js'
import { syncCommand } from './commands/sync.js'
import { toWorldCoordsCommand } from './commands/to-world-coords.js'
import { toyTownCommand } from './commands/toy-town.js'
import { trainCommand } from './commands/train.js'

/** Every command, in the order of the help. */
export const commands: readonly CommandSpec[] = [
  setupCommand,
  doctorCommand,
  toyTownCommand,
  dataDownloadCommand,
  dataSplitCommand,
  dataConvertCommand,
  dataCheckCommand,
  trainCommand,
  syncCommand,
  planCommand,
  sampleCommand,
  sampleLongCommand,
  optimalScheduleCommand,
  makeMp4Command,
  fvdCommand,
  qualityCommand,
  mazesAccuracyCommand,
  regressorTrainCommand,
  toWorldCoordsCommand,
  carlaMetricsCommand,
  nllCommand,
  reportCommand,
  benchCommand,
]
