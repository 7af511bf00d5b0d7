import { UserError } from '../../errors.js'
import { netrcPassword } from './netrc.js'
import { variable } from './variable.js'

/** The service that W&B runs itself. */
const DEFAULT_BASE_URL = 'https://api.wandb.ai'
/** What W&B calls the project of runs that name none. */
const DEFAULT_PROJECT = 'uncategorized'

/** Where a run's numbers go besides its own folder. */
export type WandbSettings =
  | { readonly mode: 'off'; readonly reason: string }
  | (WandbTarget & { readonly mode: 'offline' })
  | (WandbTarget & { readonly mode: 'online'; readonly service: ServiceSettings })

/** Under what name and where a run is recorded. */
export interface WandbTarget {
  readonly entity: string
  readonly project: string
  readonly displayName: string
  /** The folder that holds `wandb`; undefined for the run's own. */
  readonly dir: string | undefined
}

export interface ServiceSettings {
  /** Without a slash at its end. */
  readonly baseUrl: string
  readonly apiKey: string
}

/**
 * What the variables of W&B ask for.
 * @param unobserve the option: record nothing online
 * @throws UserError for a `WANDB_MODE` or `WANDB_BASE_URL` that is none.
 */
export function wandbSettings(env: NodeJS.ProcessEnv, unobserve: boolean): WandbSettings {
  const mode = variable(env, 'WANDB_MODE') ?? 'online'
  if (!['online', 'offline', 'disabled', 'run', 'dryrun'].includes(mode))
    throw new UserError(`WANDB_MODE takes online, offline or disabled, not "${mode}"`)
  if (unobserve) return { mode: 'off', reason: '--unobserve' }
  if (mode === 'disabled') return { mode: 'off', reason: 'WANDB_MODE is disabled' }
  const target = {
    entity: env.WANDB_ENTITY ?? '',
    project: variable(env, 'WANDB_PROJECT') ?? DEFAULT_PROJECT,
    displayName: env.WANDB_NAME ?? '',
    dir: variable(env, 'WANDB_DIR'),
  }
  if (mode === 'offline' || mode === 'dryrun') return { mode: 'offline', ...target }
  const service = serviceSettings(env)
  return 'reason' in service
    ? { mode: 'off', reason: service.reason }
    : { mode: 'online', ...target, service }
}

/**
 * How the service is reached, or why it is not.
 * @throws UserError for a `WANDB_BASE_URL` that is none.
 */
export function serviceSettings(env: NodeJS.ProcessEnv): ServiceSettings | { readonly reason: string } {
  const baseUrl = (variable(env, 'WANDB_BASE_URL') ?? DEFAULT_BASE_URL).replace(/\/+$/, '')
  if (!/^https?:\/\//.test(baseUrl) || !URL.canParse(baseUrl))
    throw new UserError(`WANDB_BASE_URL takes an address such as ${DEFAULT_BASE_URL}, not "${baseUrl}"`)
  const { hostname } = new URL(baseUrl)
  const apiKey = variable(env, 'WANDB_API_KEY') ?? netrcPassword(env, hostname)
  return apiKey !== undefined
    ? { baseUrl, apiKey }
    : { reason: `there is no WANDB_API_KEY, nor a key for ${hostname} in ~/.netrc` }
}

/** Where people look at a run. */
export function runUrl(baseUrl: string, entity: string, project: string, runId: string): string {
  const app = baseUrl.replace('://api.wandb.', '://wandb.')
  return `${app}/${[entity, project, 'runs', runId].map(encodeURIComponent).join('/')}`
}
