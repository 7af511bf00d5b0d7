import { describe, expect, it } from 'vitest'
import { commands } from '../../scripts/commands.js'
import { createProgram } from '../../scripts/program.js'

const terminal = {
  signal: new AbortController().signal,
  log: () => undefined,
  progress: () => {
    throw new Error('help needs no progress bar')
  },
}

/** What `fdm <words>` prints to stdout. */
async function printed(words: readonly string[]): Promise<string> {
  let output = ''
  const program = createProgram(commands, terminal)
  for (const command of [
    program,
    ...program.commands,
    ...program.commands.flatMap(({ commands }) => commands),
  ])
    command.configureOutput({ writeOut: (part) => (output += part) })
  await expect(program.parseAsync([...words], { from: 'user' })).rejects.toMatchObject({ exitCode: 0 })
  return output
}

describe('help', () => {
  it('lists the commands', async () => {
    expect(await printed(['--help'])).toMatchSnapshot()
  })

  it.each(commands.map(({ name }) => name))('of %s lists every option', async (name) => {
    const help = await printed([...name.split(' '), '--help'])
    expect(help).toMatchSnapshot()
    const options = commands.find((command) => command.name === name)?.options ?? {}
    for (const option of Object.keys(options)) expect(help).toContain(`--${option} `)
  })

  it('lists the commands of a group', async () => {
    expect(await printed(['data', '--help'])).toMatchSnapshot()
  })

  it('loads no tensor library', () => {
    // The property by which TensorFlow.js, once loaded, marks its engine.
    expect(globalThis).not.toHaveProperty('_tfengine')
  })
})
