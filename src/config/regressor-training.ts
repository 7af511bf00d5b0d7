import { choice, flag, float, int, text, type ConfigOf } from './option.js'
import { samplingOptions } from './sampling.js'

const { backend, device } = samplingOptions

/** Training of the networks of `to-world-coords`: the options of `regressor-train`. Defaults are the original's. */
export const regressorTrainingOptions = {
  data_dir: text(undefined, "folder in CARLA's form: videos, coordinates, video_train.csv, video_test.csv"),
  is_classifier: flag(false, 'train the classifier, which chooses a cell of the town, not the regressor'),
  model: choice(
    'resnet152',
    ['resnet18', 'resnet34', 'resnet50', 'resnet101', 'resnet152', 'efficientnet_b7'],
    'network to train',
  ),
  init_weights: text('', "weights to begin with, a PyTorch file with torchvision's names (default: none)"),
  with_transforms: flag(true, 'blur frames, and change their brightness and hue'),
  optimizer: choice('sgd', ['sgd', 'adamw'], 'sgd: with momentum 0.9; adamw learns faster from nothing'),
  lr: float(1e-3, 'learning rate', { min: 0 }),
  lr_step: int(7, 'epochs after which the learning rate falls to a tenth', { min: 1 }),
  num_epochs: int(25, 'times that all frames are seen', { min: 1 }),
  batch_size: int(4, 'frames per step', { min: 1 }),
  save_interval: int(1000, 'save what going on takes every so many steps, and after each epoch', { min: 1 }),
  train_stride: int(1, 'train on every so many frames of each video', { min: 1 }),
  test_stride: int(1, 'test on every so many frames of each video', { min: 1 }),
  seed: int(0, 'seed of the first weights, the order and the changes of frames', { min: 0 }),
  resume_id: text('', 'go on with this run'),
  backend,
  device,
} as const

export type RegressorTrainingConfig = ConfigOf<typeof regressorTrainingOptions>
