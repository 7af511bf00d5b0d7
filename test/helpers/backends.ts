import { beforeAll, describe } from 'vitest'
import { UserError } from '../../src/errors.js'
import { type Backend, startRuntime } from '../../src/runtime/start.js'

const backends = await findBackends()

/**
 * The backends that tests run on: `wasm` always, `tensorflow` where it is set up and loads.
 * `FDM_TEST_BACKENDS` (names separated by commas) names them instead; one that does not start then fails.
 */
export function availableBackends(): readonly Backend[] {
  return backends
}

/** A `describe` for each backend there is, carrying its name; the backend is started before its tests. */
export function describeEachBackend(name: string, define: (backend: Backend) => void): void {
  describe.each(backends)(`${name} on %s`, (backend) => {
    beforeAll(async () => {
      await startRuntime({ backend })
    })
    define(backend)
  })
}

async function findBackends(): Promise<readonly Backend[]> {
  const named = process.env.FDM_TEST_BACKENDS
  if (named !== undefined) {
    return named.split(',').filter((word) => word === 'tensorflow' || word === 'wasm')
  }
  try {
    await startRuntime({ backend: 'tensorflow' })
    return ['tensorflow', 'wasm']
  } catch (error) {
    if (error instanceof UserError) return ['wasm']
    throw error
  }
}
