import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { runUrl, wandbSettings } from '../../src/tracking/wandb/settings.js'

const home = mkdtempSync(path.join(tmpdir(), 'fdm-netrc-'))
afterAll(() => rmSync(home, { recursive: true }))
writeFileSync(
  path.join(home, '.netrc'),
  '# machine wandb.example.org\nmachine other.org login a password b\nmachine api.wandb.ai\n  login user\n  password from-netrc\n',
)
const settings = (env: Record<string, string>, unobserve = false) =>
  wandbSettings({ HOME: '/nowhere', ...env }, unobserve)

describe('where numbers go', () => {
  it('is nowhere without a key, with --unobserve, or where W&B is disabled', () => {
    const reason = 'there is no WANDB_API_KEY, nor a key for api.wandb.ai in ~/.netrc'
    expect(settings({})).toEqual({ mode: 'off', reason })
    expect(settings({ WANDB_API_KEY: '' })).toEqual({ mode: 'off', reason })
    expect(settings({ WANDB_API_KEY: 'k' }, true)).toEqual({ mode: 'off', reason: '--unobserve' })
    expect(settings({ WANDB_MODE: 'offline' }, true)).toMatchObject({ mode: 'off' })
    const disabled = settings({ WANDB_API_KEY: 'k', WANDB_MODE: 'disabled' })
    expect(disabled).toEqual({ mode: 'off', reason: 'WANDB_MODE is disabled' })
  })

  it("is what W&B's variables say", () => {
    const names = { WANDB_ENTITY: 'e', WANDB_PROJECT: 'p', WANDB_NAME: 'n', WANDB_DIR: '/d' }
    const target = { entity: 'e', project: 'p', displayName: 'n', dir: '/d' }
    expect(settings({ ...names, WANDB_MODE: 'offline' })).toEqual({ mode: 'offline', ...target })
    const own = { WANDB_API_KEY: 'k', WANDB_BASE_URL: 'http://localhost:8080/' }
    const service = { baseUrl: 'http://localhost:8080', apiKey: 'k' }
    expect(settings({ ...names, ...own })).toEqual({ mode: 'online', ...target, service })
    expect(settings({ WANDB_API_KEY: 'k' })).toEqual({
      ...{ mode: 'online', entity: '', project: 'uncategorized', displayName: '', dir: undefined },
      service: { baseUrl: 'https://api.wandb.ai', apiKey: 'k' },
    })
  })

  it('is found with the key of ~/.netrc, of the host that is asked', () => {
    const found = { service: { apiKey: 'from-netrc' } }
    expect(settings({ HOME: home })).toMatchObject(found)
    expect(settings({ NETRC: path.join(home, '.netrc') })).toMatchObject(found)
    expect(settings({ HOME: home, WANDB_BASE_URL: 'https://wandb.example.org' })).toMatchObject({
      mode: 'off',
    })
  })

  it('must be a place', () => {
    expect(() => settings({ WANDB_MODE: 'onlin' })).toThrow(
      'WANDB_MODE takes online, offline or disabled, not "onlin"',
    )
    expect(() => settings({ WANDB_BASE_URL: 'api.wandb.ai' })).toThrow('WANDB_BASE_URL takes an address')
  })
})

it('people look at a run where W&B shows it', () => {
  expect(runUrl('https://api.wandb.ai', 'me', 'my films', 'abc')).toBe(
    'https://wandb.ai/me/my%20films/runs/abc',
  )
  expect(runUrl('http://localhost:8080', 'me', 'p', 'abc')).toBe('http://localhost:8080/me/p/runs/abc')
})
