import { createRequire } from 'node:module'
import path from 'node:path'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'

/**
 * Tells the WebAssembly backend where its binaries are: beside its own code, wherever that is installed.
 * Importing it registers its kernels.
 */
export function registerWasm(): void {
  if (registered) return
  const code = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')
  setWasmPaths(path.dirname(code) + path.sep)
  registered = true
}

let registered = false
