import { findTensorFlow } from '../../src/runtime/find-tensorflow.js'
import { availableBackends } from './backends.js'

/**
 * Whether the addon that `tensorflow` runs on is one that `fdm setup` built, and so has our additions: an
 * installed tfjs-node(-gpu), which has none, comes first.
 */
export const ownBinding =
  availableBackends().includes('tensorflow') && findTensorFlow()[0]?.origin === 'setup'
