import { TrainingDiverged } from '../../training/bad-steps/bad-steps.js'

/** All epochs are done, and no network was ever good enough to be kept: more of them would be of no use. */
export class NothingLearned extends TrainingDiverged {}
