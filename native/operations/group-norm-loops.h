// The loops of group normalisation over a run of rows of channels. This file knows nothing of TensorFlow.
//
// Rows are C contiguous numbers of type T: float, or the Bits of a bfloat16. Whatever is not a row is float32
// and has one entry per channel.
#ifndef FDM_GROUP_NORM_LOOPS_H_
#define FDM_GROUP_NORM_LOOPS_H_

#include <cstdint>

#include "numbers.h"

namespace fdm {

struct Moments {
  float* mean;
  // Sum of squared distances from the mean.
  float* squares;
};

// x_hat = (x - mean) rstd; y = activation(x_hat gamma + beta)
struct Affine {
  const float* mean;
  const float* rstd;
  const float* gamma;
  const float* beta;
};

// With g = gamma dy before the activation: its mean, and that of g x_hat, over a group.
struct GroupMeans {
  const float* g;
  const float* g_x_hat;
};

// Sums over the rows of dy before the activation, and of dy x_hat.
struct GradientSums {
  float* beta;
  float* gamma;
};

template <typename T>
struct Loops {
  // `scratch` is space for 2 C numbers.
  static void ComputeMoments(int64_t rows, int64_t channels, const T* x, Moments result, float* scratch);
  static void Normalize(int64_t rows, int64_t channels, const T* x, Affine map, bool silu, T* y);
  static void SumGradients(int64_t rows, int64_t channels, const T* x, const T* dy, Affine map, bool silu,
                           GradientSums result, float* scratch);
  static void InputGradient(int64_t rows, int64_t channels, const T* x, const T* dy, Affine map, bool silu,
                            GroupMeans means, T* dx);
};

// The same for bfloat16 in the instructions of processors with AVX512-BF16, about twice as fast.
struct Bfloat16Loops {
  static bool IsSupported(int64_t channels);

  static void ComputeMoments(int64_t rows, int64_t channels, const Bits* x, Moments result, float* scratch);
  static void Normalize(int64_t rows, int64_t channels, const Bits* x, Affine map, bool silu, Bits* y);
  static void SumGradients(int64_t rows, int64_t channels, const Bits* x, const Bits* dy, Affine map, bool silu,
                           GradientSums result);
  static void InputGradient(int64_t rows, int64_t channels, const Bits* x, const Bits* dy, Affine map,
                            bool silu, GroupMeans means, Bits* dx);
};

// Adds `rows` rows of moments `part` to the `before` rows that `total` has (Chan, Golub & LeVeque 1979).
void MergeMoments(int64_t channels, int64_t before, Moments total, int64_t rows, Moments part);

}  // namespace fdm

#endif  // FDM_GROUP_NORM_LOOPS_H_
