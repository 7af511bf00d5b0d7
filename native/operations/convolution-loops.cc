#include "convolution-loops.h"

#include <algorithm>
#include <cstring>

#if defined(__x86_64__)
#define FDM_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma")))
#else
#define FDM_AVX512
#endif

namespace fdm {
namespace {

constexpr int64_t kVector = 16;

typedef float Vector __attribute__((vector_size(kVector * sizeof(float))));

FDM_AVX512 FDM_INLINE Vector Load(const float* from) {
  Vector vector;
  std::memcpy(&vector, from, sizeof vector);
  return vector;
}

FDM_AVX512 FDM_INLINE void Store(const Vector& vector, float* to) { std::memcpy(to, &vector, sizeof vector); }

FDM_AVX512 FDM_INLINE void AddTo(const Vector& vector, float* to) { Store(Load(to) + vector, to); }

// Neighbours whose sum is taken before it is added to the others, which rounds less than one long sum.
constexpr int64_t kPart = 3;

template <int pixels>
FDM_AVX512 FDM_INLINE void ConvolvePixels(const float* x, const Neighbours& neighbours, int64_t channels,
                                          const float* weights, const float* bias, int64_t step, float* y) {
  for (int64_t part = 0; part < neighbours.count; part += kPart) {
    Vector sums[pixels][2] = {};
    for (int64_t i = part; i < std::min(part + kPart, neighbours.count); ++i) {
      const float* neighbour = x + neighbours.offsets[i];
      const float* weight = weights + i * channels * kOutputTile;
      for (int64_t c = 0; c < channels; ++c) {
        const Vector first = Load(weight), second = Load(weight + kVector);
        weight += kOutputTile;
#pragma GCC unroll 8
        for (int p = 0; p < pixels; ++p) {
          const float value = neighbour[p * channels + c];
          sums[p][0] += value * first;
          sums[p][1] += value * second;
        }
      }
    }
#pragma GCC unroll 8
    for (int p = 0; p < pixels; ++p) {
      const float* before = part == 0 ? bias : y + p * step;
      Store(Load(before) + sums[p][0], y + p * step);
      Store(Load(before + kVector) + sums[p][1], y + p * step + kVector);
    }
  }
}

}  // namespace

template <>
bool ConvolutionLoops<float>::IsSupported() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
  return false;
#endif
}

template <>
FDM_AVX512 void ConvolutionLoops<float>::ConvolveRow(const float* x, const Neighbours& neighbours,
                                                     int64_t channels, const float* weights,
                                                     const float* bias, int64_t width, int64_t step,
                                                     float* y) {
  int64_t at = 0;
  for (; at + 8 <= width; at += 8) {
    ConvolvePixels<8>(x + at * channels, neighbours, channels, weights, bias, step, y + at * step);
  }
  for (; at + 4 <= width; at += 4) {
    ConvolvePixels<4>(x + at * channels, neighbours, channels, weights, bias, step, y + at * step);
  }
  for (; at < width; ++at) {
    ConvolvePixels<1>(x + at * channels, neighbours, channels, weights, bias, step, y + at * step);
  }
}

template <>
FDM_AVX512 void ConvolutionLoops<float>::AddOuterProducts(const float* x, int64_t x_row, const float* dy,
                                                          int64_t dy_row, int64_t rows, int64_t width,
                                                          float* to, int64_t stride) {
  Vector sums[kInputTile][2] = {};
  for (int64_t row = 0; row < rows; ++row) {
    const float *inputs = x + row * x_row, *slopes = dy + row * dy_row;
    for (int64_t at = 0; at < width; ++at) {
      const Vector first = Load(slopes), second = Load(slopes + kVector);
#pragma GCC unroll 8
      for (int64_t i = 0; i < kInputTile; ++i) {
        sums[i][0] += inputs[i] * first;
        sums[i][1] += inputs[i] * second;
      }
      inputs += kInputTile;
      slopes += kOutputTile;
    }
  }
#pragma GCC unroll 8
  for (int64_t i = 0; i < kInputTile; ++i) {
    AddTo(sums[i][0], to + i * stride);
    AddTo(sums[i][1], to + i * stride + kVector);
  }
}

template <>
FDM_AVX512 void ConvolutionLoops<float>::AddPixels(const float* x, int64_t count, float* sums) {
  Vector first = {}, second = {};
  for (int64_t i = 0; i < count; ++i) {
    first += Load(x + i * kOutputTile);
    second += Load(x + i * kOutputTile + kVector);
  }
  AddTo(first, sums);
  AddTo(second, sums + kVector);
}

}  // namespace fdm
