import { tf } from '../../runtime/tf.js'
import { flattenState, type TrainingState } from './state.js'

/**
 * `tf.tidy` for what has a training state, whose maps it does not look into: of all tensors made meanwhile only the
 * state's are left, and none if `make` throws.
 */
export function tidyState<Made extends { readonly state: TrainingState }>(make: () => Made): Made {
  let made!: Made
  tf.tidy(() => {
    made = make()
    return flattenState(made.state)
  })
  return made
}
