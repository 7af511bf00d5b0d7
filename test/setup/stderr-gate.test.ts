import { expect, it } from 'vitest'
import { cacheFolder, readBuild } from '../../src/runtime/cache-folder.js'
import { runCommand } from '../../src/setup/run-command.js'

const build = readBuild(cacheFolder())

it.runIf(build)('silences standard error while it is closed, the library included', async () => {
  const program = `
    const gate = require(${JSON.stringify(build?.gate)})
    gate.close()
    gate.close()
    process.stderr.write('hidden')
    require(${JSON.stringify(build?.binding)})
    gate.open()
    gate.open()
    process.stderr.write('shown')`
  const { status, stderr } = await runCommand([process.execPath, '-e', program])
  expect({ status, stderr }).toEqual({ status: 0, stderr: 'shown' })
})
