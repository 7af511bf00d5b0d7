import { describe, expect, it, vi } from 'vitest'
import { choice, defaultsOf, flag, float, int, text, type OptionTable } from '../../src/config/option.js'
import { fillTrainConfig, trainOptions } from '../../src/config/training.js'
import { defineCommand, type CommandSpec } from '../../scripts/command.js'
import { commands } from '../../scripts/commands.js'
import { runProgram } from '../../scripts/program.js'
import type { Terminal } from '../../scripts/terminal.js'

const options = {
  batch_size: int(8, 'size', { min: 1 }),
  T: int(-1, 'frames', { min: -1 }),
  lr: float(1e-4, 'rate'),
  out: text(undefined, 'file'),
  name: text('', 'name'),
  kind: choice(undefined, ['gif', 'mp4'], 'kind'),
  use_ddim: flag(false, 'ddim'),
  add_gt: flag(true, 'truth'),
} as const satisfies OptionTable

const terminal: Terminal = {
  signal: new AbortController().signal,
  log: () => undefined,
  progress: () => {
    throw new Error('no progress expected')
  },
}

async function parse(words: readonly string[], changes: Partial<CommandSpec> = {}) {
  let values: Readonly<Record<string, unknown>> = {}
  const spec = defineCommand({
    name: 'go',
    summary: 'go',
    options,
    run: (given) => {
      values = given
      return Promise.resolve()
    },
  })
  await runProgram([{ ...spec, ...changes }], ['go', ...words], terminal)
  return values
}

const withCheckpoint = { arguments: [{ name: 'checkpoint', help: 'file' }] }

describe('options on the command line', () => {
  it('have their defaults when they are not given', async () => {
    expect(await parse([])).toEqual({
      batch_size: 8,
      T: -1,
      lr: 1e-4,
      name: '',
      use_ddim: false,
      add_gt: true,
    })
  })

  it.each([
    [['--batch_size', '2'], { batch_size: 2 }],
    [['--batch-size', '2'], { batch_size: 2 }],
    [['--batch_size=2'], { batch_size: 2 }],
    [['--batch-size=2'], { batch_size: 2 }],
    [['--batch_size', '2', '--batch_size=3'], { batch_size: 3 }],
    [['--T', '-1'], { T: -1 }],
    [['--lr', '3e-4'], { lr: 3e-4 }],
    [['--name', 'a=b c'], { name: 'a=b c' }],
    [['--name=a=b'], { name: 'a=b' }],
    [['--name', ''], { name: '' }],
    [['--name='], { name: '' }],
    [['--kind', 'mp4'], { kind: 'mp4' }],
    [['--use_ddim'], { use_ddim: true }],
    [['--use-ddim', '--add-gt', 'no'], { use_ddim: true, add_gt: false }],
  ])('%j', async (words, expected) => {
    expect(await parse(words)).toMatchObject(expected)
  })

  it.each([
    ['True', true],
    ['yes', true],
    ['T', true],
    ['y', true],
    ['1', true],
    ['FALSE', false],
    ['no', false],
    ['f', false],
    ['N', false],
    ['0', false],
  ])('reads the flag value %s', async (word, expected) => {
    expect(await parse(['--use_ddim', word])).toMatchObject({ use_ddim: expected })
    expect(await parse([`--use_ddim=${word}`])).toMatchObject({ use_ddim: expected })
  })

  it('let an argument follow a bare flag', async () => {
    expect(await parse(['--use_ddim', 'model.pt'], withCheckpoint)).toMatchObject({
      use_ddim: true,
      checkpoint: 'model.pt',
    })
  })
})

it("takes a whole command line of the original's training, with what has no effect here", async () => {
  // All options that video_train.py has.
  const original =
    '--dataset carla_no_traffic --schedule_sampler uniform --lr 1e-4 --weight_decay 0.0 --lr_anneal_steps 0 ' +
    '--batch_size 1 --microbatch -1 --ema_rate 0.9999 --log_interval 10 --save_interval 50000 ' +
    '--resume_checkpoint= --use_fp16 True --fp16_scale_growth 1e-3 --resume_id= --num_workers -1 ' +
    '--pad_with_random_frames True --max_frames 20 --T -1 --sample_interval 50000 --image_size 128 ' +
    '--num_channels 128 --num_res_blocks 2 --num_heads 4 --num_heads_upsample -1 --attention_resolutions 16,8 ' +
    '--dropout 0.0 --learn_sigma False --sigma_small False --class_cond True --diffusion_steps 1000 ' +
    '--noise_schedule linear --timestep_respacing= --use_kl False --predict_xstart False ' +
    '--rescale_timesteps True --rescale_learned_sigmas True --use_checkpoint False ' +
    '--use_scale_shift_norm True --use_rpe_net True'
  const values = await parse(original.split(' '), { options: trainOptions })
  const given = { dataset: 'carla_no_traffic', image_size: 128, use_fp16: true, class_cond: true }
  expect(values).toEqual({ ...defaultsOf(trainOptions), ...given })
  expect(fillTrainConfig(values)).toMatchObject({ class_cond: true, fp16_scale_growth: 1e-3 })
})

it('tells options that were typed from defaults', async () => {
  let typed: unknown
  const run: CommandSpec['run'] = (_, __, given) => {
    typed = given
    return Promise.resolve()
  }
  await parse(['--lr', '0.0001', '--use-ddim'], { run })
  expect(typed).toEqual({ lr: 1e-4, use_ddim: true })
})

describe('a mistake is answered by one line that names it', () => {
  it.each([
    [['--batch_sise', '2'], "unknown option '--batch_sise' (Did you mean --batch_size?)"],
    [['--batch', '2'], "unknown option '--batch' (Did you mean --batch_size?)"],
    [['--use-d=1'], "unknown option '--use_d' (Did you mean --use_ddim?)"],
    [['--zzzzzz'], "unknown option '--zzzzzz': see fdm go --help"],
    [['--batch_size', 'two'], '--batch_size takes an integer of at least 1, not'],
    [['--batch_size', '0'], '--batch_size takes an integer of at least 1, not 0'],
    [['--batch_size', '1.5'], '--batch_size takes an integer of at least 1, not 1.5'],
    [['--batch_size', '--lr', '1'], '--batch_size needs a value: it takes an integer of at least 1'],
    [['--batch_size'], '--batch_size needs a value'],
    [['--use_ddim', 'maybe'], '--use_ddim takes True or False, not "maybe"'],
    [['--kind', 'bmp'], '--kind takes one of gif, mp4, not "bmp"'],
    [['--toString', '1'], "unknown option '--toString'"],
    [['--out', ''], '--out is empty: give it a value, or leave it out'],
    [['--out='], '--out is empty'],
    [['--lr', '1e999'], 'not Infinity'],
    [['extra'], 'too many arguments'],
  ])('%j', async (words, message) => {
    await expect(parse(words)).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringContaining(message) as string,
    })
  })

  it.each([
    [['a.pt', '--use_ddim', 'maybe'], '--use_ddim takes True or False, not "maybe"'],
    [['a.pt', '--use-ddim', 'maybe', '--lr', '1'], '--use_ddim takes True or False, not "maybe"'],
    [['--use_ddim', 'maybe', 'a.pt'], '2 words besides options, where the command takes 1: is "maybe" meant for --use_ddim, which takes True or False?'], // prettier-ignore
    [['a.pt', '--use_ddim', 'True', 'b.pt'], 'too many arguments'],
    [['a.pt', '--use_ddim=True', 'b.pt'], 'too many arguments'],
    [['a.pt', '--lr', '1', 'b.pt'], 'too many arguments'],
    [['a.pt', 'b.pt', '--use_ddim'], 'too many arguments'],
    [['a.pt', 'b.pt', '--', '--use_ddim', 'c'], 'too many arguments'],
  ])('a word too many may be meant for the flag before it: %j', async (words, message) => {
    await expect(parse(words, withCheckpoint)).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringContaining(message) as string,
    })
  })

  it('and so is one that is left out', async () => {
    await expect(parse([], { required: ['kind'] })).rejects.toThrow('--kind is required: see fdm go --help')
    await expect(parse([], withCheckpoint)).rejects.toThrow("missing required argument 'checkpoint'")
    await expect(runProgram([], [], terminal)).rejects.toThrow('no command given')
    await expect(runProgram(commands, ['demolish'], terminal)).rejects.toThrow("unknown command 'demolish'")
    await expect(parse([''], withCheckpoint)).rejects.toThrow('<checkpoint> is empty: see fdm go --help')
  })

  it('and so are two options of which one takes the place of the other', async () => {
    const answer = (words: readonly string[]) => expect(runProgram(commands, words, terminal)).rejects
    const sample = ['sample', 'x.pt', '--sampling_scheme', 'infill', '--obs_frames', '0,9']
    await answer([...sample, '--n_obs', '36']).toThrow(
      '--obs_frames takes the place of --n_obs: give one of them, not both',
    )
    // The default of the other is no choice of anybody's.
    await answer(sample).toThrow(/x\.pt/)
    await answer(['make-mp4', '--eval_dir', 'a', '--obs_frames', '0', '--obs_length', '0']).toThrow(
      '--obs_length',
    )
    for (const command of ['quality', 'carla-metrics', 'mazes-accuracy'])
      await answer([command, '--eval_dir', 'a', '--obs_frames', '0', '--n_obs', '3']).toThrow(
        '--n_obs: give one',
      )
  })

  it('and so is a run outside of the folder of all runs', async () => {
    const answer = (words: readonly string[]) => expect(runProgram(commands, words, terminal)).rejects
    for (const command of ['train', 'regressor-train'])
      await answer([command, '--resume_id', '../x']).toThrow(
        '--resume_id takes a run id, the name of a folder below',
      )
  })

  it('and so is a text that is empty where another is the default', async () => {
    const answer = (words: readonly string[]) => expect(runProgram(commands, words, terminal)).rejects
    await answer(['toy-town', '--data_dir', '']).toThrow(
      '--data_dir is empty: give it a value, or leave it out',
    )
    await answer(['data', 'split', '--dir=']).toThrow('--dir is empty')
    // Not the same as leaving it out: the first 36 frames would be given.
    for (const command of ['sample', 'nll'])
      await answer([command, 'x.pt', '--sampling_scheme', 'infill', '--obs_frames', '']).toThrow(
        '--obs_frames is empty: give it a value, or leave it out',
      )
    await answer(['plan', '--sampling_scheme', 'infill', '--T', '9', '--obs_frames=']).toThrow('is empty')
  })

  it('and says which help there is', async () => {
    const answer = (words: readonly string[]) => expect(runProgram(commands, words, terminal)).rejects
    await answer(['--zzzzzz']).toThrow(/: see fdm --help$/)
    await answer(['help', 'demolish']).toThrow("unknown command 'demolish'")
    await answer(['data', 'demolish']).toThrow(/: see fdm data --help$/)
    await answer(['data', 'check', '--zzzzzz']).toThrow(/: see fdm data check --help$/)
  })
})

it('help may be asked for in words, too', async () => {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  await runProgram(commands, ['help', 'data', 'check'], terminal)
  await runProgram(commands, ['help'], terminal)
  const written = write.mock.calls.map(([text]) => String(text))
  write.mockRestore()
  expect(written.join('')).toMatch(/^Usage: fdm data check .*Usage: fdm <command> \[options\]/s)
})
