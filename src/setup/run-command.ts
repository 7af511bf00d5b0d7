import { spawn } from 'node:child_process'

export interface CommandResult {
  /** The exit status; undefined if the command could not be started or was ended by a signal. */
  readonly status: number | undefined
  readonly stdout: string
  /** What it wrote to stderr, or why it could not be started. */
  readonly stderr: string
}

export interface CommandOptions {
  readonly cwd?: string
  /** Variables added to the current environment. */
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a command without a shell and collects what it writes. Never throws: see the status. */
export function runCommand(
  [command, ...args]: readonly [string, ...string[]],
  { cwd, env }: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      ...(cwd !== undefined && { cwd }),
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.on('error', (error) => resolve({ status: undefined, stdout, stderr: error.message }))
    child.on('close', (status) => resolve({ status: status ?? undefined, stdout, stderr }))
  })
}

/** The line of a failed command's output that says most: the last one that mentions an error, or the last. */
export function reasonOf({ stdout, stderr }: CommandResult): string {
  const lines = `${stdout}\n${stderr}`
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  return lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1) ?? 'it said nothing'
}
