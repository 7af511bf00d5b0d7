import type { CommandSpec } from './command.js'
import { trainCommand } from './commands/train.js'

/** Every command, in the order of the help. */
export const commands: readonly CommandSpec[] = [trainCommand]
