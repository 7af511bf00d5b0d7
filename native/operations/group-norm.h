// Group normalisation (Wu & He 2018) with its affine map and SiLU, and its gradient, on several threads.
// This file knows nothing of TensorFlow.
#ifndef FDM_GROUP_NORM_H_
#define FDM_GROUP_NORM_H_

#include <cstdint>

#include "threads.h"

namespace fdm {

// x is (samples, places, channels). A sample is normalised over its places and the channels of a group.
struct GroupNormShape {
  int64_t samples, places, channels, groups;
  // Whether gamma and beta are (1, channels), for all samples, rather than (samples, channels).
  bool shared;
};

template <typename T>
struct GroupNorm {
  // y = activation((x - mean) rstd gamma + beta). mean and rstd are (samples, groups).
  static void Forward(const Threads& threads, const GroupNormShape& shape, float epsilon, bool silu,
                      const T* x, const float* gamma, const float* beta, T* y, float* mean, float* rstd);

  // The gradients of x, gamma and beta for dy, that of y.
  static void Backward(const Threads& threads, const GroupNormShape& shape, bool silu, const T* dy,
                       const T* x, const float* gamma, const float* beta, const float* mean,
                       const float* rstd, T* dx, float* dgamma, float* dbeta);
};

}  // namespace fdm

#endif  // FDM_GROUP_NORM_H_
