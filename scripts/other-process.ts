/** What is said while a run may be in the hands of another process. */
export const OTHER_PROCESS =
  'another process has not ended this run: waiting for a sign of life, for a minute at most'
