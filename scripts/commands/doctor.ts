import { defineCommand } from '../command.js'

export const doctorCommand = defineCommand({
  name: 'doctor',
  summary: 'look at what this machine has, and say what to do about what is missing',
  options: {},
  examples: ['doctor'],
  async run(_, terminal) {
    const { examine } = await import('../../src/setup/doctor.js')
    const checks = await examine()
    const width = Math.max(...checks.map(({ name }) => name.length))
    for (const { name, status, detail, advice } of checks) {
      terminal.log(`${status.padEnd(7)}  ${name.padEnd(width)}  ${detail}`)
      if (advice !== undefined) terminal.log(`${' '.repeat(9 + width)}  -> ${advice}`)
    }
  },
})
