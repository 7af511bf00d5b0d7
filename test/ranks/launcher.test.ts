import { describe, expect, it } from 'vitest'
import { launchedRank } from '../../src/ranks/launcher.js'
import { firstNode } from '../../src/ranks/node-list.js'

type Environment = Readonly<Record<string, string>>

/** What a launcher sets, and the rank, size, place on the machine, ranks on the machine and address it means. */
const cases: readonly [name: string, env: Environment, place: readonly unknown[]][] = [
  [
    'torchrun-style variables',
    {
      RANK: '3',
      WORLD_SIZE: '4',
      LOCAL_RANK: '1',
      LOCAL_WORLD_SIZE: '2',
      MASTER_ADDR: 'a',
      MASTER_PORT: '29400',
    },
    [3, 4, 1, 2, 'a', 29400],
  ],
  [
    'torchrun, whose own store has the port',
    {
      ...{ RANK: '0', WORLD_SIZE: '2', MASTER_ADDR: 'a', MASTER_PORT: '29400' },
      ...{ TORCHELASTIC_USE_AGENT_STORE: 'True', TORCHELASTIC_RUN_ID: 'none' },
    },
    [0, 2, 0, undefined, 'a', 29401],
  ],
  [
    'a Kubernetes indexed job',
    { JOB_COMPLETION_INDEX: '1', WORLD_SIZE: '4', MASTER_ADDR: 'train-0.train' },
    [1, 4, 0, undefined, 'train-0.train', 29500],
  ],
  [
    'Open MPI on one machine',
    {
      ...{ OMPI_COMM_WORLD_RANK: '1', OMPI_COMM_WORLD_SIZE: '2' },
      ...{ OMPI_COMM_WORLD_LOCAL_RANK: '1', OMPI_COMM_WORLD_LOCAL_SIZE: '2' },
    },
    [1, 2, 1, 2, '127.0.0.1', 29500],
  ],
  [
    'Open MPI on several machines, told the first',
    {
      ...{ OMPI_COMM_WORLD_RANK: '5', OMPI_COMM_WORLD_SIZE: '8', MASTER_ADDR: 'n1', MASTER_PORT: '1234' },
      ...{ OMPI_COMM_WORLD_LOCAL_RANK: '1', OMPI_COMM_WORLD_LOCAL_SIZE: '4' },
    },
    [5, 8, 1, 4, 'n1', 1234],
  ],
  [
    'MPICH',
    { PMI_RANK: '0', PMI_SIZE: '2', MPI_LOCALRANKID: '0', MPI_LOCALNRANKS: '2' },
    [0, 2, 0, 2, '127.0.0.1', 29500],
  ],
  [
    'srun on two machines',
    {
      ...{ SLURM_JOB_ID: '77', SLURM_STEP_ID: '0', SLURM_PROCID: '9', SLURM_STEP_NUM_TASKS: '16' },
      ...{
        SLURM_LOCALID: '1',
        SLURM_STEP_NUM_NODES: '2',
        SLURM_STEP_NODELIST: 'gpu[03-04]',
        MASTER_PORT: '4',
      },
      // From --mpi=pmi2.
      ...{ PMI_RANK: '9', PMI_SIZE: '16' },
    },
    [9, 16, 1, undefined, 'gpu03', 4],
  ],
  [
    'TF_CONFIG',
    {
      TF_CONFIG: JSON.stringify({
        cluster: { chief: ['a:1'], worker: ['b:2', 'b:3', '[::1]:4'] },
        task: { type: 'worker', index: 1 },
      }),
    },
    [2, 4, 1, 2, 'a', 1],
  ],
]

const alone: readonly [name: string, env: Environment][] = [
  ['no launcher', { HOME: '/root' }],
  ['a world of one', { RANK: '0', WORLD_SIZE: '1', MASTER_ADDR: 'a' }],
  ['a rank of no world', { RANK: '0' }],
  ['a Kubernetes indexed job that states no size', { JOB_COMPLETION_INDEX: '3' }],
  ['mpirun of one', { OMPI_COMM_WORLD_RANK: '0', OMPI_COMM_WORLD_SIZE: '1' }],
  ['a plain srun', { SLURM_JOB_ID: '1', SLURM_STEP_ID: '0', SLURM_PROCID: '0', SLURM_STEP_NUM_TASKS: '1', SLURM_NTASKS: '4' }], // prettier-ignore
  ['a batch script with room for four tasks', { SLURM_JOB_ID: '1', SLURM_PROCID: '0', SLURM_NTASKS: '4' }],
  [
    'a task of a job array',
    { SLURM_ARRAY_TASK_ID: '3', SLURM_JOB_ID: '1', SLURM_PROCID: '0', SLURM_NTASKS: '1' },
  ],
  [
    'TF_CONFIG with one worker',
    { TF_CONFIG: '{"cluster":{"worker":["a:1"]},"task":{"type":"worker","index":0}}' },
  ],
]

describe('launchedRank', () => {
  it.each(cases)('reads %s', (_, env, [rank, size, localRank, localSize, host, port]) => {
    expect(launchedRank(env)).toMatchObject({ rank, size, localRank, localSize, meeting: { host, port } })
  })

  it.each(alone)('leaves alone a process of %s', (_, env) => {
    expect(launchedRank(env)).toBeUndefined()
  })

  it('tells jobs on one machine apart, and their ports', () => {
    const step = (id: string) => ({
      ...{ SLURM_JOB_ID: '77', SLURM_STEP_ID: id, SLURM_PROCID: '0', SLURM_STEP_NUM_TASKS: '2' },
      SLURM_STEP_NODELIST: 'n1',
    })
    const places = ['0', '1'].map((id) => launchedRank(step(id)))
    expect(places.map((place) => place?.job)).toEqual(['77.0', '77.1'])
    const ports = places.map((place) => place?.meeting.port ?? 0)
    expect(new Set(ports).size).toBe(2)
    for (const port of ports) expect(port >= 20_000 && port < 30_000).toBe(true)
  })

  it('knows all addresses from TF_CONFIG', () => {
    const cluster = { worker: ['a:1', 'a:2'] }
    const TF_CONFIG = JSON.stringify({ cluster, task: { type: 'worker', index: 1 } })
    expect(launchedRank({ TF_CONFIG })?.tasks).toEqual(cluster.worker)
  })

  it.each<[Environment, RegExp]>([
    [{ RANK: '2', WORLD_SIZE: '2', MASTER_ADDR: 'a' }, /RANK=2 and WORLD_SIZE=2 contradict/],
    [{ RANK: 'x', WORLD_SIZE: '2', MASTER_ADDR: 'a' }, /RANK=x is not a number/],
    [{ RANK: '0', WORLD_SIZE: '2' }, /first of 2 processes is must be said: set MASTER_ADDR/],
    [{ OMPI_COMM_WORLD_RANK: '0', OMPI_COMM_WORLD_SIZE: '8', OMPI_COMM_WORLD_LOCAL_SIZE: '4' }, /mpirun -x MASTER_ADDR/], // prettier-ignore
    [{ TF_CONFIG: '{' }, /TF_CONFIG is not JSON/],
    [
      { TF_CONFIG: '{"cluster":{"worker":["a:1","b"]},"task":{"type":"worker","index":1}}' },
      /"b" is no address/,
    ],
    [{ TF_CONFIG: '{"cluster":{"worker":["a:1","b:1"]},"task":{"type":"ps","index":0}}' }, /its task, ps 0/],
  ])('refuses %j', (env, message) => {
    expect(() => launchedRank(env)).toThrow(message)
  })
})

it.each([
  ['node1', 'node1'],
  ['node1,node2', 'node1'],
  ['gpu[03-05,09],login', 'gpu03'],
  ['gpu[7,9]-ib', 'gpu7-ib'],
  ['rack[1-2]n[04-08]', 'rack1n04'],
  ['', undefined],
])('the first machine of %j is %j', (list, name) => {
  expect(firstNode(list)).toBe(name)
})
