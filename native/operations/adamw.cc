#include "adamw.h"

#include <cmath>

#include "numbers.h"

namespace fdm {

FDM_VECTORISED void UpdateAdamW(const AdamWNumbers& numbers, int64_t n, const float* __restrict parameter,
                                const float* __restrict gradient, const float* __restrict mean,
                                const float* __restrict square, float* __restrict new_parameter,
                                float* __restrict new_mean, float* __restrict new_square) {
  const AdamWNumbers s = numbers;
  for (int64_t i = 0; i < n; ++i) {
    const float g = gradient[i];
    const float m = mean[i] * s.beta1 + g * s.rest1;
    const float v = square[i] * s.beta2 + g * g * s.rest2;
    new_mean[i] = m;
    new_square[i] = v;
    new_parameter[i] = parameter[i] * s.keep - m / (std::sqrt(v) / s.root_correction + s.epsilon) * s.step_size;
  }
}

FDM_VECTORISED void UpdateAverage(float rate, float rest, int64_t n, const float* __restrict average,
                                  const float* __restrict value, float* __restrict new_average) {
  for (int64_t i = 0; i < n; ++i) new_average[i] = average[i] * rate + value[i] * rest;
}

}  // namespace fdm
