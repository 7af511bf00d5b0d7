// The arithmetic of an AdamW update and of the averages that follow it.
#ifndef FDM_ADAMW_H_
#define FDM_ADAMW_H_

#include <cstdint>

namespace fdm {

struct AdamWNumbers {
  float beta1, beta2;
  // 1 - beta.
  float rest1, rest2;
  float epsilon;
  // What is left of a parameter before the update; lr / (1 - beta1^step); sqrt(1 - beta2^step).
  float keep, step_size, root_correction;
};

// Loshchilov & Hutter 2019, algorithm 2, for n numbers. The results may not overlap the inputs.
void UpdateAdamW(const AdamWNumbers& numbers, int64_t n, const float* parameter, const float* gradient,
                 const float* mean, const float* square, float* new_parameter, float* new_mean,
                 float* new_square);

// rate * average + rest * value, for n numbers.
void UpdateAverage(float rate, float rest, int64_t n, const float* average, const float* value,
                   float* new_average);

}  // namespace fdm

#endif  // FDM_ADAMW_H_
