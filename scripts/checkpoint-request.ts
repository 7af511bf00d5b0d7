/** What a command is asked to do with a trained model. */
export interface CheckpointRequest<Options> {
  /** Path of a model or an average. */
  readonly checkpoint: string
  readonly options: Options
  /** Number of this process in an array of jobs, if it is in one. */
  readonly taskId?: number | undefined
  /** Prints what would be done and stops there. */
  readonly dryRun: boolean
}
