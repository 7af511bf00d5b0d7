import type { CommandSpec } from './command.js'
import { makeMp4Command } from './commands/make-mp4.js'
import { sampleCommand } from './commands/sample.js'
import { toyTownCommand } from './commands/toy-town.js'
import { trainCommand } from './commands/train.js'

/** Every command, in the order of the help. */
export const commands: readonly CommandSpec[] = [toyTownCommand, trainCommand, sampleCommand, makeMp4Command]
