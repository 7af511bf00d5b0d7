/** Milliseconds of this process on all processors: the same on a machine that is busy with other work. */
export function processorTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
