/** Which run of the service is meant. */
export interface RunTarget {
  /** Empty for the default one of the key's owner. */
  readonly entity: string
  readonly project: string
  readonly runId: string
}
