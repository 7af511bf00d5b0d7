import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  orderedDict,
  PyFloat,
  readTorchFile,
  tensor,
  TorchTensor,
  tuple,
  writeTorchFile,
  type TorchRecord,
} from '../../src/torch-file/index.js'
import { GOLDEN } from '../helpers/golden.js'
import { HandPickle, temporaryFolder, writeZip } from './handmade.js'

/** A Python that has PyTorch; without one, these tests are passed over. */
const PYTHON = process.env.FDM_PYTHON
const folder = temporaryFolder()
const file = path.join(folder, 'ours.pt')
const golden = path.join(GOLDEN, 'torch')

/** Runs a script with `path` and `torch`; what it prints last is JSON. */
function python(script: string, ...args: string[]): unknown {
  const source = `import sys, json, torch\npath = sys.argv[1]\n${script}`
  const printed = execFileSync(PYTHON ?? '', ['-c', source, file, ...args], { encoding: 'utf8' })
  return JSON.parse(printed.trim().split('\n').at(-1) ?? '')
}

describe.skipIf(!PYTHON)('PyTorch itself (skipped without FDM_PYTHON, a Python that has torch)', () => {
  test('loads what we write with weights_only=True, of every type', { timeout: 60_000 }, () => {
    writeTorchFile(file, {
      state_dict: orderedDict([
        ['float32', tensor('float32', [2, 3], [1, 2, 3, 4, 5, 6.5])],
        ['float64', tensor('float64', [2], [0.1, -2])],
        ['float16', tensor('float16', [2], [0.5, -2])],
        ['bfloat16', tensor('bfloat16', [2], [1.5, -3])],
        ['int64', tensor('int64', [2], [-5, 2 ** 40])],
        ['int32', tensor('int32', [2], [-5, 6])],
        ['int16', tensor('int16', [1], [-300])],
        ['int8', tensor('int8', [1], [-100])],
        ['uint8', tensor('uint8', [1], [200])],
        ['bool', tensor('bool', [3], [1, 0, 1])],
        ['scalar', tensor('float32', [], [3])],
        ['empty', tensor('float32', [0, 3], [])],
      ]),
      config: {
        lr: 1e-4,
        one: new PyFloat(1),
        none: null,
        big: 2 ** 40,
        text: 'naïve 模型',
        t: tuple([1, 2]),
      },
      step: 550000,
    })
    expect(
      python(`
v = torch.load(path, weights_only=True)
sd, c = v['state_dict'], v['config']
print(json.dumps([type(sd).__name__, {k: [str(t.dtype), list(t.shape), t.tolist()] for k, t in sd.items()},
                  c, [type(c[k]).__name__ for k in ('one', 't', 'big')], v['step']]))`),
    ).toEqual([
      'OrderedDict',
      {
        float32: ['torch.float32', [2, 3], [[1, 2, 3], [4, 5, 6.5]]],
        float64: ['torch.float64', [2], [0.1, -2]],
        float16: ['torch.float16', [2], [0.5, -2]],
        bfloat16: ['torch.bfloat16', [2], [1.5, -3]],
        int64: ['torch.int64', [2], [-5, 2 ** 40]],
        int32: ['torch.int32', [2], [-5, 6]],
        int16: ['torch.int16', [1], [-300]],
        int8: ['torch.int8', [1], [-100]],
        uint8: ['torch.uint8', [1], [200]],
        bool: ['torch.bool', [3], [true, false, true]],
        scalar: ['torch.float32', [], 3],
        empty: ['torch.float32', [0, 3], []],
      }, // prettier-ignore
      { lr: 1e-4, one: 1, none: null, big: 2 ** 40, text: 'naïve 模型', t: [1, 2] },
      ['float', 'tuple', 'int'],
      550000,
    ])
  })

  test('AdamW takes our optimizer and steps on from it', { timeout: 60_000 }, () => {
    const state = (shape: number[], size: number) => ({
      step: tensor('float32', [], [3]),
      exp_avg: tensor('float32', shape, new Float32Array(size).fill(0.5)),
      exp_avg_sq: tensor('float32', shape, new Float32Array(size).fill(0.25)),
    })
    writeTorchFile(file, {
      state: new Map([
        [0, state([2, 3], 6)],
        [1, state([2], 2)],
      ]),
      param_groups: [
        {
          lr: new PyFloat(1),
          betas: tuple([0.9, 0.999]),
          eps: 1e-8,
          weight_decay: 0,
          amsgrad: false,
          maximize: false,
          foreach: null,
          capturable: false,
          params: [0, 1],
        },
      ],
    })
    const result = python(`
linear = torch.nn.Linear(3, 2)
before = linear.bias.detach().clone()
optimizer = torch.optim.AdamW(linear.parameters())
optimizer.load_state_dict(torch.load(path, weights_only=True))
linear(torch.ones(3)).sum().backward()
optimizer.step()
s = optimizer.state_dict()['state'][1]
print(json.dumps([float(s['step']), s['exp_avg'].tolist(), (linear.bias.detach() - before).tolist()]))`)
    const average = 0.9 * 0.5 + 0.1
    const square = 0.999 * 0.25 + 0.001
    const change = -(average / (1 - 0.9 ** 4)) / Math.sqrt(square / (1 - 0.999 ** 4))
    const [step, averages, changes] = result as [number, number[], number[]]
    expect(step).toBe(4)
    for (const value of averages) expect(value).toBeCloseTo(average, 5)
    for (const value of changes) expect(value).toBeCloseTo(change, 4)
  })

  test('finds in our copies of the golden files what is in the originals', { timeout: 60_000 }, () => {
    const names = existsSync(golden) ? readdirSync(golden).filter((name) => name.endsWith('.pt')) : []
    for (const name of names)
      writeTorchFile(path.join(folder, `copy-${name}`), readTorchFile(path.join(golden, name)))
    const different = python(
      `
def same(a, b):
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and a.shape == b.shape and a.stride() == b.stride() and torch.equal(a, b)
    if isinstance(a, dict):
        return type(a) is type(b) and list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return a == b
folder, golden, names = sys.argv[2], sys.argv[3], sys.argv[4:]
load = lambda p: torch.load(p, map_location='cpu', weights_only=True)
print(json.dumps([n for n in names if not same(load(f'{golden}/{n}'), load(f'{folder}/copy-{n}'))]))`,
      folder,
      golden,
      ...names,
    )
    expect(different).toEqual([])
  })

  test('loads zip64', { timeout: 60_000 }, () => {
    const data = new Uint8Array(Float32Array.of(1, 2).buffer)
    const pickle = new HandPickle().tensor(2, [2], [1]).stop()
    const records = { 'data.pkl': pickle, 'data/0': data, version: Buffer.from('3\n') }
    writeZip(file, records, { bytes: 0, records: 0 })
    expect(python('print(json.dumps(torch.load(path, weights_only=True).tolist()))')).toEqual([1, 2])
  })

  test(
    'we read what it saves: protocol 4, parameters, subclasses, complex, wide types',
    { timeout: 60_000 },
    () => {
      python(`
x = torch.arange(24.).reshape(2, 3, 4)
p = torch.nn.Parameter(x[0].clone()); p.note = 'kept'
torch.save({'x': x, 'view': x.permute(2, 0, 1)[1:3], 'p': p, 'expanded': torch.ones(1).expand(5, 2),
            'c': torch.ones(2, dtype=torch.complex64), 'shape': x.shape, 'd': torch.device('cuda:1'),
            't': torch.bfloat16, 's': {1}, 'b': b'\\x80', 'q': [torch.iinfo(torch.int64).max]}, path, pickle_protocol=4)
print(0)`)
      const value = readTorchFile(file) as Record<string, TorchTensor> & TorchRecord
      expect(value.view?.shape).toEqual([2, 2, 3])
      expect(Array.from(value.view?.numbers() ?? [])).toEqual([1, 5, 9, 13, 17, 21, 2, 6, 10, 14, 18, 22])
      expect(value.p).toMatchObject({ shape: [3, 4], requiresGrad: true })
      expect(Array.from(value.expanded?.numbers() ?? [])).toEqual(Array<number>(10).fill(1))
      expect(value.c?.dtype).toBe('complex64')
      expect([value.shape, value.d, value.t, value.s, value.b, value.q]).toEqual([
        [2, 3, 4],
        'cuda:1',
        'torch.bfloat16',
        new Set([1]),
        Uint8Array.of(0x80),
        [2n ** 63n - 1n],
      ])
    },
  )
})
