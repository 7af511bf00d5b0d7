import type { CommandSpec } from './command.js'

/** Every command, in the order of the help. */
export const commands: readonly CommandSpec[] = []
