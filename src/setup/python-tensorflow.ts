import { hasLibraries } from './compile-binding.js'
import { runCommand } from './run-command.js'

// Finds the package without importing it, which would take seconds.
const WHERE = `
import importlib.util
spec = importlib.util.find_spec('tensorflow')
print(list(spec.submodule_search_locations)[0] if spec and spec.submodule_search_locations else '')
`

/** The folder of a TensorFlow installed for Python, if it has the libraries and headers; else undefined. */
export async function findPythonTensorFlow(): Promise<string | undefined> {
  const { status, stdout } = await runCommand(['python3', '-c', WHERE])
  const folder = stdout.trim()
  return status === 0 && folder !== '' && hasLibraries(folder) ? folder : undefined
}
