/** How the videos of a data set lie in its folder. */
export type DatasetForm =
  /** `video_<i>.pt`, listed by `video_train.csv` and `video_test.csv`. */
  | 'carla'
  /** `train/<i>.npy` and `test/<i>.npy`. */
  | 'npy'
  /** Videos of any kind, and folders of pictures. */
  | 'videos'

/** What is known of a data set: everything that the program needs, in one place. */
export interface DatasetRecord {
  /** Relative to the project's folder; undefined where it must be given. */
  readonly folder: string | undefined
  /** Frames per window; undefined where it must be given. */
  readonly T: number | undefined
  /** Height and width of a frame in pixels. */
  readonly imageSize: number
  readonly form: DatasetForm
  /** How to come by the data: the end of a sentence about a missing folder. */
  readonly source: string
}

/** Adding a data set: one record here. Loads nothing, so that options and help can be made of it. */
export const DATASETS = {
  carla_no_traffic: {
    folder: 'datasets/carla/no-traffic',
    T: 1000,
    imageSize: 128,
    form: 'carla',
    source:
      'unpack https://www.cs.ubc.ca/~wsgh/fdm/carla/no-traffic.tar.gz there, ' +
      'as "npx fdm data download carla" does',
  },
  mazes_cwvae: {
    folder: 'datasets/gqn_mazes-torch',
    T: 300,
    imageSize: 64,
    form: 'npy',
    source:
      'put the videos of https://archive.org/download/gqn_mazes/gqn_mazes.zip there ' +
      'as train/<i>.npy and test/<i>.npy, uint8 (T, 64, 64, 3), ' +
      'with "npx fdm data download mazes" and "npx fdm data convert"',
  },
  minerl: {
    folder: 'datasets/minerl_navigate-torch',
    T: 500,
    imageSize: 64,
    form: 'npy',
    source:
      'put the videos of the TensorFlow data set minerl_navigate there ' +
      'as train/<i>.npy and test/<i>.npy, uint8 (T, 64, 64, 3), with "npx fdm data convert"',
  },
  toy_town: {
    folder: 'datasets/toy-town',
    T: 100,
    imageSize: 32,
    form: 'carla',
    source: 'render it with "npx fdm toy-town"',
  },
  folder: {
    folder: undefined,
    T: undefined,
    imageSize: 64,
    form: 'videos',
    source: 'give a folder of videos with --data_dir',
  },
} as const satisfies Readonly<Record<string, DatasetRecord>>

export type DatasetName = keyof typeof DATASETS

/** The names of all data sets. */
export const datasetNames = Object.keys(DATASETS) as readonly DatasetName[]
