import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** How often growth is measured. */
const WINDOWS = 3

/**
 * How much more memory the process holds after `turns` of the same work, in MB, once `warmUp` turns have
 * filled what is filled once: caches, pools of the allocators, compiled code. Garbage does not count. The
 * least of several measurements: what leaks grows each time, what allocators do now and then does not.
 */
export async function memoryGrowth(
  { warmUp, turns }: { readonly warmUp: number; readonly turns: number },
  turn: () => Promise<unknown>,
): Promise<number> {
  const heldAfter = async (times: number) => {
    for (let i = 0; i < times; i++) {
      await turn()
      collectGarbage()
    }
    return process.memoryUsage.rss() / 1e6
  }
  let held = await heldAfter(warmUp)
  let least = Infinity
  for (let i = 0; i < WINDOWS; i++) {
    const now = await heldAfter(turns)
    least = Math.min(least, now - held)
    held = now
  }
  return least
}
