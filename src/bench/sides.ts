import { UserError } from '../errors.js'
import type { Side } from './side-job.js'

const OWN = {
  program: 'own',
  backend: 'tensorflow',
  compile: true,
  precision: 'fp32',
  xla: false,
  checkpoint: false,
} as const

const ORIGINAL = { ...OWN, program: 'original', compile: false } as const

/** Ways in which this program computes a step. */
export const OWN_SIDES: readonly Side[] = [
  { ...OWN, name: 'eager', compile: false, help: 'operation by operation' },
  { ...OWN, name: 'compiled', help: 'a step as one operation' },
  { ...OWN, name: 'tf32', precision: 'tf32', help: 'compiled, with --precision tf32' },
  { ...OWN, name: 'bf16', precision: 'bf16', help: 'compiled, with --precision bf16' },
  { ...OWN, name: 'xla', xla: true, help: 'compiled, with --xla on' },
  { ...OWN, name: 'xla-tf32', xla: true, precision: 'tf32', help: 'compiled, with both' },
  { ...OWN, name: 'xla-bf16', xla: true, precision: 'bf16', help: 'compiled, with both' },
  { ...OWN, name: 'checkpointed', checkpoint: true, help: 'compiled, with --use_checkpoint' },
  { ...OWN, name: 'wasm', backend: 'wasm', compile: false, help: 'without TensorFlow' },
]

/** Ways in which the original computes a step. */
export const REFERENCE_VARIANTS: readonly Side[] = [
  { ...ORIGINAL, name: 'float32', help: 'as it is, without TF32' },
  { ...ORIGINAL, name: 'tf32', precision: 'tf32', help: 'with TF32, on GPUs' },
  { ...ORIGINAL, name: 'bf16', precision: 'bf16', help: 'under autocast to bfloat16' },
  { ...ORIGINAL, name: 'compile', compile: true, help: 'with torch.compile' },
  { ...ORIGINAL, name: 'compile-bf16', compile: true, precision: 'bf16', help: 'both' },
  { ...ORIGINAL, name: 'checkpointed', checkpoint: true, help: 'with --use_checkpoint' },
]

/**
 * Picks sides by their names, separated by commas.
 * @param option what the list was given with
 * @throws UserError for a name that there is not.
 */
export function chooseSides(option: string, list: string, sides: readonly Side[]): readonly Side[] {
  return list.split(',').map((word) => {
    const side = sides.find(({ name }) => name === word.trim())
    if (side) return side
    const names = sides.map(({ name }) => name).join(', ')
    throw new UserError(
      `--${option} takes names out of ${names}, separated by commas, not ${JSON.stringify(word)}`,
    )
  })
}
