import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { startRuntime } from '../../src/runtime/start.js'
import { runChild, type ChildRun } from './run-child.js'

// A training run in a process of its own, told what to do by JSON in its environment.

const childRun = JSON.parse(process.env.FDM_CHILD_RUN ?? '') as ChildRun
await startRuntime({ backend: childRun.backend, device: childRun.device })
if (childRun.killedAtChange !== undefined) dieAtChange(childRun.killedAtChange)
await runChild(childRun, (step) => process.stdout.write(`saved ${step}\n`))

/** Puts a countdown in front of all that changes files. */
function dieAtChange(count: number): void {
  let left = count
  const names = [
    'openSync',
    'writeSync',
    'fsyncSync',
    'renameSync',
    'rmSync',
    'appendFileSync',
    'truncateSync',
    'mkdirSync',
  ] as const
  for (const name of names) {
    const original = fs[name] as (...args: unknown[]) => unknown
    Object.assign(fs, {
      [name]: (...args: unknown[]) => {
        if (--left > 0) return original(...args)
        const [target, data] = args
        if (name === 'writeSync' && data instanceof Uint8Array)
          original(target, data.subarray(0, data.length / 2))
        if (name === 'appendFileSync' && typeof data === 'string')
          original(target, data.slice(0, data.length / 2))
        process.kill(process.pid, 'SIGKILL')
        return undefined
      },
    })
  }
  syncBuiltinESMExports()
}
