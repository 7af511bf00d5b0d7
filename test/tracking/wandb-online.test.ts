import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { runSync } from '../../scripts/run-sync.js'
import { spawnModule } from '../helpers/spawn-module.js'
import { fakeWandb, type FakeWandb } from './fake-wandb.js'
import type { ChildTracking } from './wandb-child.js'
import { KEY, timing, track, until } from './wandb-fixtures.js'

const root = mkdtempSync(path.join(tmpdir(), 'fdm-wandb-'))
afterAll(() => rmSync(root, { recursive: true }))
const GIF = Buffer.from('GIF89a\x02\x00\x03\x00;', 'latin1')

async function withService(
  test: (service: FakeWandb, env: NodeJS.ProcessEnv) => Promise<void>,
): Promise<void> {
  const service = await fakeWandb(KEY)
  try {
    await test(service, { WANDB_API_KEY: KEY, WANDB_BASE_URL: service.url, WANDB_NAME: 'a name' })
  } finally {
    await service.close()
  }
}

const runOf = (service: FakeWandb, runId: string) => service.runs.get(`me/films/${runId}`)
const lossesOf = (service: FakeWandb, runId: string) =>
  runOf(service, runId)?.history.map(({ _step, loss }) => [_step, loss])
const range = (count: number, first = 1) => Array.from({ length: count }, (_, i) => first + i)
const losses = (steps: readonly number[]) => steps.map((step) => [step, 1 / step])

describe.concurrent('a run sent to W&B', () => {
  it('arrives with its options, numbers, videos and end', () =>
    withService(async (service, env) => {
      const { tracker, told } = track({ root, runId: 'whole', env })
      tracker.log(0, { num_parameters: 7 })
      tracker.log(10, { loss: 1, bad: NaN })
      tracker.media?.(10, 'video-0', { kind: 'gif', bytes: GIF })
      tracker.log(20, { loss: 0.5 })
      await tracker.close?.('failed')
      expect(told).toContain(`tracking: ${service.url}/me/films/runs/whole`)
      expect([...service.runs.keys()]).toEqual(['me/films/whole'])
      const run = runOf(service, 'whole')
      expect(run).toMatchObject({
        displayName: 'a name',
        config: { lr: { value: 1e-4 }, dataset: { value: 'toy_town' } },
        exitCode: 1,
        summary: { num_parameters: 7, loss: 0.5, _step: 20 },
      })
      const [name = '', bytes] = [...(run?.media ?? [])][0] ?? []
      expect(bytes?.equals(GIF)).toBe(true)
      expect(run?.history).toEqual([
        expect.objectContaining({ _step: 0, num_parameters: 7 }),
        expect.objectContaining({
          _step: 10,
          loss: 1,
          bad: 'NaN',
          'video-0': expect.objectContaining({
            _type: 'video-file',
            path: name,
            size: 11,
            width: 2,
            height: 3,
          }) as unknown,
        }),
        expect.objectContaining({ _step: 20, loss: 0.5 }),
      ])
      expect(service.conflicts).toEqual([])
    }))

  it('loses nothing to outages of any kind, and waits for none', () =>
    withService(async (service, env) => {
      const { tracker, told } = track({ root, runId: 'outages', env })
      let step = 0
      const logSome = () => range(20).forEach(() => tracker.log(++step, { loss: 1 / step }))
      for (const behaviour of ['dropping', 'hanging', 'failing'] as const) {
        logSome()
        // All but the last line, which may still grow.
        await until(() => lossesOf(service, 'outages')?.length === step - 1)
        service.behaviour = behaviour
        const { length } = service.requests
        logSome()
        await until(() => service.requests.length > length + 1)
        logSome()
        service.behaviour = 'well'
      }
      await tracker.close?.('finished')
      expect(lossesOf(service, 'outages')).toEqual(losses(range(180)))
      expect(service.conflicts).toEqual([])
      expect(runOf(service, 'outages')?.exitCode).toBe(0)
      expect(told.filter((line) => /does not answer|answers again/.test(line)).length).toBeGreaterThan(1)
    }))

  it('goes on where it was when its process is killed and resumed, steps that are repeated counting once', () =>
    withService(async (service, env) => {
      service.behaviour = 'hanging'
      const tracking: ChildTracking = { root, runId: 'killed', env, steps: range(30) }
      const child = spawnModule(new URL('./wandb-child.ts', import.meta.url), {
        FDM_CHILD_TRACKING: JSON.stringify(tracking),
      })
      let errors = ''
      child.stderr.on('data', (text: Buffer) => (errors += text.toString()))
      const [, signal] = (await once(child, 'exit')) as [number, string]
      expect([signal, errors]).toEqual(['SIGKILL', ''])
      service.behaviour = 'well'
      // The last checkpoint was at step 25.
      const { tracker } = track({ root, runId: 'killed', env }, { isNew: false, config: { lr: 2e-4 } })
      for (const step of range(15, 26)) tracker.log(step, { loss: 1 / step })
      await tracker.close?.('finished')
      expect(lossesOf(service, 'killed')).toEqual(losses(range(40)))
      expect(runOf(service, 'killed')?.config).toMatchObject({
        lr: { value: 2e-4 },
        dataset: { value: 'toy_town' },
      })
    }))

  it('that nobody takes waits on disk, and is sent when it is resumed', () =>
    withService(async (service, env) => {
      service.behaviour = 'failing'
      const first = track({ root, runId: 'late', env }, { patience: 50 })
      for (const step of range(5)) first.tracker.log(step, { loss: 1 / step })
      await first.tracker.close?.('finished')
      expect(first.told.at(-1)).toMatch(/^W&B has not got 5 of 5 lines: send .+ with: npx fdm sync late$/)
      expect(service.runs.size).toBe(0)
      service.behaviour = 'well'
      const second = track({ root, runId: 'late', env }, { isNew: false })
      // More comes of the last step, then a new one.
      second.tracker.log(5, { grad_norm: 2 })
      second.tracker.log(6, { loss: 1 / 6 })
      await second.tracker.close?.('finished')
      expect(lossesOf(service, 'late')).toEqual(losses(range(6)))
      expect(runOf(service, 'late')?.history[4]).toMatchObject({ grad_norm: 2 })
      expect(readdirSync(path.join(root, 'late', 'wandb'))).toHaveLength(1)
      expect(service.conflicts).toEqual([])
    }))

  it('comes after what W&B has where its own log is gone', () =>
    withService(async (service, env) => {
      const first = track({ root, runId: 'moved', env })
      for (const step of range(5)) first.tracker.log(step, { loss: 1 / step })
      await first.tracker.close?.('finished')
      rmSync(path.join(root, 'moved', 'wandb'), { recursive: true })
      for (const [from, to] of [
        [4, 8],
        [9, 12],
      ] as const) {
        // prettier-ignore
        const next = track({ root, runId: 'moved', env }, { isNew: false })
        for (const step of range(to - from + 1, from)) next.tracker.log(step, { loss: 1 / step })
        await next.tracker.close?.('finished')
      }
      expect(lossesOf(service, 'moved')).toEqual(losses(range(12)))
      expect(service.conflicts).toEqual([])
    }))

  it('is kept on disk where W&B refuses it, and can be sent by hand', () =>
    withService(async (service, env) => {
      const { tracker, told } = track({ root, runId: 'refused', env: { ...env, WANDB_API_KEY: 'wrong' } })
      tracker.log(1, { loss: 1 })
      const refusal = /^W&B refuses this run \(status 401 .+\): what is recorded stays in /
      await until(() => told.some((line) => refusal.test(line)))
      tracker.log(2, { loss: 0.5 })
      await tracker.close?.('finished')
      expect(told.at(-1)).toMatch(/^W&B has not got 2 of 2 lines/)
      expect(service.requests).toEqual(['POST /graphql'])

      const lines: string[] = []
      const terminal = { log: (line: string) => lines.push(line), signal: new AbortController().signal }
      const [name = ''] = readdirSync(path.join(root, 'refused', 'wandb'))
      const folder = path.join(root, 'refused', 'wandb', name)
      const wrong = { ...env, WANDB_API_KEY: 'wrong' }
      await expect(runSync(folder, wrong, terminal, { timing })).rejects.toThrow(
        /is not all sent \(status 401/,
      )
      await expect(runSync('nobody', env, terminal)).rejects.toThrow('nothing is recorded of a run nobody in')
      await runSync(folder, env, terminal, { timing })
      expect(lines.at(-1)).toMatch(/-refused is sent: 2 lines$/)
      expect(lossesOf(service, 'refused')).toEqual(losses([1, 2]))
    }))

  it('waits while an earlier process still sends it', () =>
    withService(async (service, env) => {
      service.behaviour = 'failing'
      const first = track({ root, runId: 'twice', env })
      first.tracker.log(1, { loss: 1 })
      await until(() => first.told.length > 0)
      const end = first.tracker.close?.('finished')
      const second = track({ root, runId: 'twice', env }, { isNew: false })
      second.tracker.log(2, { loss: 0.5 })
      await until(() => second.told.length > 0)
      expect(second.told[0]).toBe("another process sends this run's numbers: waiting until it ends")
      service.behaviour = 'well'
      await end
      await second.tracker.close?.('finished')
      const [name = ''] = readdirSync(path.join(root, 'twice', 'wandb'))
      expect(existsSync(path.join(root, 'twice', 'wandb', name, 'sender.lock'))).toBe(false)
      expect(lossesOf(service, 'twice')).toEqual(losses([1, 2]))
      expect(service.conflicts).toEqual([])
    }))
})
