// How different vectors are, for many pairs at once.
#ifndef FDM_SQUARED_DISTANCES_H_
#define FDM_SQUARED_DISTANCES_H_

#include <node_api.h>

#include <cstdint>

#include "operations/threads.h"

namespace fdm {

// to (from_count, against_count) = squared Euclidean distances of vectors of `length` numbers. That of a pair
// does not depend on what else is asked for.
void SquaredDistances(const Threads& threads, int64_t length, int64_t from_count, const float* const* from,
                      int64_t against_count, const float* const* against, double* to);

// Adds squaredDistances to a module's exports.
bool DefineSquaredDistances(napi_env env, napi_value exports);

}  // namespace fdm

#endif  // FDM_SQUARED_DISTANCES_H_
