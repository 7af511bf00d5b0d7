import { UserError } from '../errors.js'
import type { Parameters } from './scope.js'

/** @throws UserError if a model's parameters were freed. */
export function requireParameters(where: string, parameters: Parameters): void {
  for (const parameter of parameters.values())
    if (parameter.isDisposed)
      throw new UserError(`${where}: the model was disposed of: dispose of it after its last use`)
}
