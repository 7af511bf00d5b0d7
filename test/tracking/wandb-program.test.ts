import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, it } from 'vitest'
import { fakeWandb } from './fake-wandb.js'
import { KEY, track } from './wandb-fixtures.js'

const root = mkdtempSync(path.join(tmpdir(), 'fdm-wandb-program-'))
afterAll(() => rmSync(root, { recursive: true }))

/** W&B's own program: `wandb` in the path, or what FDM_WANDB names. */
const program = process.env.FDM_WANDB ?? 'wandb'
const version = spawnSync(program, ['--version'], { encoding: 'utf8' })
const [, major, minor] = version.error ? [] : (/version (\d+)\.(\d+)/.exec(version.stdout) ?? [])
/** Older ones write over what a run has instead of adding to it. */
const isThere = Number(major) > 0 || Number(minor) >= 31

it.runIf(isThere)("W&B's own program sends a run that was recorded offline", async () => {
  const service = await fakeWandb(KEY)
  const sync = () => {
    const [folder = ''] = readdirSync(path.join(root, 'offline', 'wandb'))
      .sort()
      .reverse()
    const env = {
      ...process.env,
      WANDB_API_KEY: KEY,
      WANDB_BASE_URL: service.url,
      WANDB_DIR: root,
      HOME: root,
    }
    return promisify(execFile)(program, ['sync', path.join(root, 'offline', 'wandb', folder)], {
      env,
      cwd: root,
    })
  }
  try {
    const steps = Array.from({ length: 300 }, (_, i) => i + 1)
    const record = async (isNew: boolean, recorded: readonly number[]) => {
      const { tracker } = track({ root, runId: 'offline', env: { WANDB_MODE: 'offline' } }, { isNew })
      for (const step of recorded) tracker.log(step, { loss: 1 / step })
      await tracker.close?.('finished')
    }
    await record(true, steps.slice(0, 200))
    // Steps that are repeated count once.
    await record(false, steps.slice(150, 250))
    await sync()
    const history = () =>
      service.runs.get('me/films/offline')?.history.map(({ _step, loss }) => [_step, loss])
    const expected = steps.map((step) => [step, 1 / step])
    expect(history()).toEqual(expected.slice(0, 250))
    // What comes after it has been sent is sent by itself.
    await record(false, steps.slice(240))
    await sync()
    expect(history()).toEqual(expected)
    expect(service.runs.get('me/films/offline')).toMatchObject({
      exitCode: 0,
      config: { dataset: { value: 'toy_town' } },
    })
  } finally {
    await service.close()
  }
})
