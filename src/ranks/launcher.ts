import { createHash } from 'node:crypto'
import { UserError } from '../errors.js'
import { firstNode } from './node-list.js'

/** The place of a process among those that train together. */
export interface RankPlace {
  /** From 0; rank 0 saves and logs. */
  readonly rank: number
  /** How many ranks there are, at least 2. */
  readonly size: number
  /** The place among the ranks of this machine: which of its GPUs is this one's. */
  readonly localRank: number
  /** How many of the ranks are on this machine, where it is known. */
  readonly localSize: number | undefined
  /** Where rank 0 waits for the others. */
  readonly meeting: { readonly host: string; readonly port: number }
  /** The addresses of all, `host:port`, where they are known. */
  readonly tasks?: readonly string[]
  /** What tells this job's processes from another's. */
  readonly job: string
}

type Environment = Readonly<Record<string, string | undefined>>

/** Names what the processes of `--devices` belong to, in their environment. */
export const JOB_VARIABLE = 'FDM_JOB'

/** The port where rank 0 waits if nothing names the job: PyTorch's. */
const USUAL_PORT = 29_500

/**
 * The place that a launcher gave this process: `--devices`, `TF_CONFIG`, torchrun, a Kubernetes indexed job,
 * mpirun (Open MPI, MPICH, Intel MPI) or srun; undefined for a process on its own, as a job of one task is.
 * @throws UserError for variables that contradict each other, or leave the first rank's address open.
 */
export function launchedRank(env: Environment): RankPlace | undefined {
  if (env.TF_CONFIG) return fromTfConfig(env.TF_CONFIG)
  for (const { rank, size, ...rest } of [
    torchrun(env),
    kubernetes(env),
    openMpi(env),
    hydra(env),
    slurm(env),
  ].flatMap((found) => found ?? [])) {
    const [rankNumber, sizeNumber] = [number(env, rank), number(env, size)]
    if (sizeNumber === 1) return undefined
    if (rankNumber >= sizeNumber)
      throw new UserError(`${rank}=${rankNumber} and ${size}=${sizeNumber} contradict each other`)
    const { host, port, job, hint } = rest
    const address = env.MASTER_ADDR ?? host
    if (!address) throw new UserError(`where the first of ${sizeNumber} processes is must be said: ${hint}`)
    return {
      rank: rankNumber,
      size: sizeNumber,
      localRank: rest.localRank === undefined ? 0 : number(env, rest.localRank),
      localSize: rest.localSize === undefined ? undefined : number(env, rest.localSize),
      meeting: { host: address, port: port ?? (env.MASTER_PORT ? number(env, 'MASTER_PORT') : portOf(job)) },
      job,
    }
  }
  return undefined
}

/** Which variables tell the place; what else a launcher tells. */
interface Found {
  readonly rank: string
  readonly size: string
  readonly localRank?: string | undefined
  readonly localSize?: string | undefined
  /** The first rank's machine, unless MASTER_ADDR says it. */
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly job: string
  /** How to give MASTER_ADDR. */
  readonly hint: string
}

const ifSet = (env: Environment, name: string) => (env[name] ? name : undefined)

function torchrun(env: Environment): Found | undefined {
  if (!env.RANK || !env.WORLD_SIZE) return undefined
  // The launcher's own store has the port then.
  const isTaken = env.TORCHELASTIC_USE_AGENT_STORE === 'True'
  return {
    rank: 'RANK',
    size: 'WORLD_SIZE',
    localRank: ifSet(env, 'LOCAL_RANK'),
    localSize: ifSet(env, 'LOCAL_WORLD_SIZE'),
    port: isTaken ? number(env, 'MASTER_PORT') + 1 : undefined,
    job: env[JOB_VARIABLE] ?? env.TORCHELASTIC_RUN_ID ?? '',
    hint: 'set MASTER_ADDR beside RANK and WORLD_SIZE',
  }
}

function kubernetes(env: Environment): Found | undefined {
  // An indexed job without a count is many processes that have nothing to do with each other.
  if (!env.JOB_COMPLETION_INDEX || !env.WORLD_SIZE) return undefined
  return {
    rank: 'JOB_COMPLETION_INDEX',
    size: 'WORLD_SIZE',
    job: env[JOB_VARIABLE] ?? '',
    hint: 'set MASTER_ADDR to <job>-0.<service> beside WORLD_SIZE',
  }
}

function openMpi(env: Environment): Found | undefined {
  if (!env.OMPI_COMM_WORLD_RANK || !env.OMPI_COMM_WORLD_SIZE) return undefined
  return {
    rank: 'OMPI_COMM_WORLD_RANK',
    size: 'OMPI_COMM_WORLD_SIZE',
    localRank: ifSet(env, 'OMPI_COMM_WORLD_LOCAL_RANK'),
    localSize: ifSet(env, 'OMPI_COMM_WORLD_LOCAL_SIZE'),
    host: env.OMPI_COMM_WORLD_LOCAL_SIZE === env.OMPI_COMM_WORLD_SIZE ? '127.0.0.1' : undefined,
    job: env.PMIX_NAMESPACE ?? env.OMPI_MCA_ess_base_jobid ?? '',
    hint: 'mpirun -x MASTER_ADDR=<the first machine> ..',
  }
}

/** The launcher of MPICH and Intel MPI. */
function hydra(env: Environment): Found | undefined {
  // srun sets these as well where it starts MPI programs, and tells more by its own.
  if (!env.PMI_RANK || !env.PMI_SIZE || env.SLURM_STEP_ID) return undefined
  return {
    rank: 'PMI_RANK',
    size: 'PMI_SIZE',
    localRank: ifSet(env, 'MPI_LOCALRANKID'),
    localSize: ifSet(env, 'MPI_LOCALNRANKS'),
    host: env.MPI_LOCALNRANKS === env.PMI_SIZE ? '127.0.0.1' : undefined,
    job: env.HYDRA_JOB_ID ?? '',
    hint: 'mpirun -genv MASTER_ADDR <the first machine> ..',
  }
}

function slurm(env: Environment): Found | undefined {
  // Of a batch script itself there is one process, whatever the number of tasks it has room for.
  if (!env.SLURM_PROCID || !env.SLURM_STEP_ID) return undefined
  const size = ifSet(env, 'SLURM_STEP_NUM_TASKS') ?? ifSet(env, 'SLURM_NTASKS')
  if (size === undefined) return undefined
  const isOneMachine = (env.SLURM_STEP_NUM_NODES ?? env.SLURM_NNODES) === '1'
  return {
    rank: 'SLURM_PROCID',
    size,
    localRank: ifSet(env, 'SLURM_LOCALID'),
    localSize: isOneMachine ? size : undefined,
    host: firstNode(env.SLURM_STEP_NODELIST ?? env.SLURM_NODELIST ?? ''),
    job: `${env.SLURM_JOB_ID ?? ''}.${env.SLURM_STEP_ID}`,
    hint: 'export MASTER_ADDR=<the first machine> before srun',
  }
}

function fromTfConfig(text: string): RankPlace | undefined {
  const config = parsed(text) as {
    readonly cluster?: { readonly chief?: readonly string[]; readonly worker?: readonly string[] }
    readonly task?: { readonly type?: string; readonly index?: number }
  } | null
  const { chief = [], worker = [] } = config?.cluster ?? {}
  const tasks = [...chief, ...worker]
  if (tasks.length <= 1) return undefined
  const { type = '', index = NaN } = config?.task ?? {}
  const rank = type === 'chief' ? index : type === 'worker' ? chief.length + index : NaN
  const own = tasks[rank]
  if (own === undefined)
    throw new UserError(
      `TF_CONFIG: its task, ${type || 'none'} ${index}, is none of the ${tasks.length} chiefs and workers of its cluster`,
    )
  const first = addressOf(tasks[0] ?? '')
  const isHere = (task: string) => addressOf(task).host === addressOf(own).host
  return {
    rank,
    size: tasks.length,
    localRank: tasks.slice(0, rank).filter(isHere).length,
    localSize: tasks.filter(isHere).length,
    meeting: first,
    tasks,
    job: '',
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new UserError('TF_CONFIG is not JSON', { cause: error })
  }
}

function addressOf(task: string): RankPlace['meeting'] {
  const match = /^\[?(.+?)\]?:(\d{1,5})$/.exec(task)
  if (!match) throw new UserError(`TF_CONFIG: ${JSON.stringify(task)} is no address, host:port`)
  return { host: match[1] ?? '', port: Number(match[2]) }
}

function number(env: Environment, name: string): number {
  const text = env[name] ?? ''
  if (!/^\d{1,7}$/.test(text)) throw new UserError(`${name}=${text} is not a number`)
  return Number(text)
}

/** Below the ports that systems give away by themselves, so that jobs on one machine do not meet. */
function portOf(job: string): number {
  if (job === '') return USUAL_PORT
  return 20_000 + (createHash('sha256').update(job).digest().readUInt32BE(0) % 10_000)
}
