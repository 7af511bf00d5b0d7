/** One file to fetch. */
export interface RemoteFile {
  readonly url: string
  /** Relative to the project's folder. */
  readonly file: string
}

export interface Download {
  readonly summary: string
  readonly files: readonly RemoteFile[]
  /** Of a tar archive: the folder that its content becomes, relative to the project's folder. */
  readonly unpackTo?: string
  /** What to do when it is there, as a sentence of its own. */
  readonly next: string
}

const FDM = 'https://www.cs.ubc.ca/~wsgh/fdm'

/** What can be fetched, by the name it is asked for. */
export const DOWNLOADS: Readonly<Record<string, Download>> = {
  carla: {
    summary: "CARLA Town01 without traffic: the authors' data set",
    files: [{ url: `${FDM}/carla/no-traffic.tar.gz`, file: 'datasets/carla/no-traffic.tar.gz' }],
    unpackTo: 'datasets/carla/no-traffic',
    next: 'write its lists with: npx fdm data split',
  },
  'carla-regressors': {
    summary: 'the networks that say where in the town a frame was taken',
    files: ['classifier_checkpoint.pth', 'regressor_checkpoint.pth'].map((name) => ({
      url: `${FDM}/carla-regressor-ckpts/${name}`,
      file: `checkpoints/carla-regressor/${name}`,
    })),
    next: 'use them with: npx fdm to-world-coords',
  },
  'carla-checkpoint': {
    summary: 'the model of CARLA that the authors released',
    files: [
      {
        url: `${FDM}/carla-fdm-ckpts/1v1myd4b/ema_0.9999_550000.pt`,
        file: 'checkpoints/pretrained/1v1myd4b/ema_0.9999_550000.pt',
      },
    ],
    next: 'sample with: npx fdm sample checkpoints/pretrained/1v1myd4b/ema_0.9999_550000.pt --sampling_scheme autoreg',
  },
  mazes: {
    summary: 'walks through mazes (GQN mazes), as films',
    files: [{ url: 'https://archive.org/download/gqn_mazes/gqn_mazes.zip', file: 'datasets/gqn_mazes.zip' }],
    next: 'convert them with: npx fdm data convert datasets/gqn_mazes.zip --dataset mazes_cwvae',
  },
  minerl: {
    summary: 'walks through Minecraft (MineRL Navigate), as films',
    files: [
      {
        url: 'https://archive.org/download/minerl_navigate/minerl_navigate.zip',
        file: 'datasets/minerl_navigate.zip',
      },
    ],
    next: 'convert them with: npx fdm data convert datasets/minerl_navigate.zip --dataset minerl',
  },
}

export const downloadNames: readonly string[] = Object.keys(DOWNLOADS)
