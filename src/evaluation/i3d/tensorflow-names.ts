/** The branches of a block, as the published TensorFlow module names their layers. */
const BRANCHES: Readonly<Record<string, readonly string[]>> = {
  b0: ['Branch_0/Conv3d_0a_1x1'],
  b1a: ['Branch_1/Conv3d_0a_1x1'],
  b1b: ['Branch_1/Conv3d_0b_3x3'],
  b2a: ['Branch_2/Conv3d_0a_1x1'],
  // Misnamed in Mixed_5b.
  b2b: ['Branch_2/Conv3d_0b_3x3', 'Branch_2/Conv3d_0a_3x3'],
  b3b: ['Branch_3/Conv3d_0b_1x1'],
}

/**
 * The names that a layer may have in the published TensorFlow module, below `RGB/inception_i3d/`.
 * @param name as in PyTorch: `Conv3d_1a_7x7`, `Mixed_3b.b1a`, `logits`
 */
export function tensorflowNames(name: string): readonly string[] {
  if (name === 'logits') return ['Logits/Conv3d_0c_1x1']
  const [block = '', branch] = name.split('.')
  return branch === undefined ? [block] : (BRANCHES[branch] ?? []).map((layer) => `${block}/${layer}`)
}
