/**
 * An error whose message is meant for the person at the terminal: one line that says what was expected,
 * what came, and what to do. The command line prints the message alone; anything else thrown is a fault
 * of the program and is printed with its stack.
 */
export class UserError extends Error {
  override readonly name: string = 'UserError'
}

/**
 * An error by which something is lost that cannot be had again by the same command: where the program was told to
 * stop as well, its exit status says that it failed.
 */
export class LostWork extends UserError {
  override readonly name = 'LostWork'
}
