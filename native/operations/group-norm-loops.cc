#include "group-norm-loops.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace fdm {
namespace {

FDM_INLINE float Sigmoid(float x) { return 1.0f / (1.0f + Exp(-x)); }

// dy before the activation, from dy after it; u is the activation's input.
template <bool silu>
FDM_INLINE float BeforeActivation(float dy, float u) {
  if (!silu) return dy;
  const float s = Sigmoid(u);
  return dy * (s * (1.0f + u * (1.0f - s)));
}

// Rows that stay in the first cache, so that a second pass over them costs little, and few enough for a
// plain sum in float32 to be exact to the last bits.
FDM_INLINE int64_t BlockRows(int64_t channels) { return std::max<int64_t>(1, 4096 / channels); }

FDM_INLINE void Clear(int64_t count, float* values) { std::memset(values, 0, count * sizeof(float)); }

template <typename T>
FDM_INLINE void BlockMoments(int64_t rows, int64_t channels, const T* x, Moments result) {
  float* __restrict mean = result.mean;
  float* __restrict squares = result.squares;
  Clear(channels, mean);
  Clear(channels, squares);
  for (int64_t row = 0; row < rows; ++row) {
    const T* __restrict from = x + row * channels;
    for (int64_t c = 0; c < channels; ++c) mean[c] += Load(from[c]);
  }
  const float scale = 1.0f / static_cast<float>(rows);
  for (int64_t c = 0; c < channels; ++c) mean[c] *= scale;
  for (int64_t row = 0; row < rows; ++row) {
    const T* __restrict from = x + row * channels;
    for (int64_t c = 0; c < channels; ++c) {
      const float distance = Load(from[c]) - mean[c];
      squares[c] += distance * distance;
    }
  }
}

FDM_INLINE void Merge(int64_t channels, int64_t before, Moments total, int64_t rows, Moments part) {
  const float weight = static_cast<float>(rows) / static_cast<float>(before + rows);
  const float between = weight * static_cast<float>(before);
  for (int64_t c = 0; c < channels; ++c) {
    const float delta = part.mean[c] - total.mean[c];
    total.mean[c] += weight * delta;
    total.squares[c] += part.squares[c] + between * delta * delta;
  }
}

template <typename T>
FDM_INLINE void AllMoments(int64_t rows, int64_t channels, const T* x, Moments result, float* scratch) {
  const int64_t block = std::min(rows, BlockRows(channels));
  BlockMoments(block, channels, x, result);
  const Moments part{scratch, scratch + channels};
  for (int64_t row = block; row < rows; row += block) {
    const int64_t count = std::min(block, rows - row);
    BlockMoments(count, channels, x + row * channels, part);
    Merge(channels, row, result, count, part);
  }
}

template <bool silu, typename T>
FDM_INLINE void NormalizeRows(int64_t rows, int64_t channels, const T* x, Affine map, T* y) {
  for (int64_t row = 0; row < rows; ++row) {
    const T* __restrict from = x + row * channels;
    T* __restrict to = y + row * channels;
#pragma GCC ivdep
    for (int64_t c = 0; c < channels; ++c) {
      const float u = (Load(from[c]) - map.mean[c]) * map.rstd[c] * map.gamma[c] + map.beta[c];
      Store(silu ? u * Sigmoid(u) : u, &to[c]);
    }
  }
}

template <bool silu, typename T>
FDM_INLINE void SumBlock(int64_t rows, int64_t channels, const T* x, const T* dy, Affine map,
                         GradientSums result) {
  float* __restrict beta = result.beta;
  float* __restrict gamma = result.gamma;
  Clear(channels, beta);
  Clear(channels, gamma);
  for (int64_t row = 0; row < rows; ++row) {
    const T* __restrict from = x + row * channels;
    const T* __restrict slope = dy + row * channels;
#pragma GCC ivdep
    for (int64_t c = 0; c < channels; ++c) {
      const float x_hat = (Load(from[c]) - map.mean[c]) * map.rstd[c];
      const float du = BeforeActivation<silu>(Load(slope[c]), x_hat * map.gamma[c] + map.beta[c]);
      beta[c] += du;
      gamma[c] += du * x_hat;
    }
  }
}

template <bool silu, typename T>
FDM_INLINE void SumRows(int64_t rows, int64_t channels, const T* x, const T* dy, Affine map,
                        GradientSums result, float* scratch) {
  const int64_t block = std::min(rows, BlockRows(channels));
  SumBlock<silu>(block, channels, x, dy, map, result);
  const GradientSums part{scratch, scratch + channels};
  for (int64_t row = block; row < rows; row += block) {
    const int64_t offset = row * channels;
    SumBlock<silu>(std::min(block, rows - row), channels, x + offset, dy + offset, map, part);
    for (int64_t c = 0; c < channels; ++c) result.beta[c] += part.beta[c];
    for (int64_t c = 0; c < channels; ++c) result.gamma[c] += part.gamma[c];
  }
}

// dx = rstd (g - mean(g) - x_hat mean(g x_hat))
template <bool silu, typename T>
FDM_INLINE void InputGradientRows(int64_t rows, int64_t channels, const T* x, const T* dy, Affine map,
                                  GroupMeans means, T* dx) {
  for (int64_t row = 0; row < rows; ++row) {
    const T* __restrict from = x + row * channels;
    const T* __restrict slope = dy + row * channels;
    T* __restrict to = dx + row * channels;
#pragma GCC ivdep
    for (int64_t c = 0; c < channels; ++c) {
      const float x_hat = (Load(from[c]) - map.mean[c]) * map.rstd[c];
      const float du = BeforeActivation<silu>(Load(slope[c]), x_hat * map.gamma[c] + map.beta[c]);
      Store(map.rstd[c] * (du * map.gamma[c] - means.g[c] - x_hat * means.g_x_hat[c]), &to[c]);
    }
  }
}

}  // namespace

FDM_VECTORISED
void MergeMoments(int64_t channels, int64_t before, Moments total, int64_t rows, Moments part) {
  Merge(channels, before, total, rows, part);
}

template <typename T>
FDM_VECTORISED void Loops<T>::ComputeMoments(int64_t rows, int64_t channels, const T* x, Moments result,
                                             float* scratch) {
  if constexpr (std::is_same_v<T, Bits>) {
    if (Bfloat16Loops::IsSupported(channels)) {
      return Bfloat16Loops::ComputeMoments(rows, channels, x, result, scratch);
    }
  }
  AllMoments(rows, channels, x, result, scratch);
}

template <typename T>
FDM_VECTORISED void Loops<T>::Normalize(int64_t rows, int64_t channels, const T* x, Affine map, bool silu,
                                        T* y) {
  if constexpr (std::is_same_v<T, Bits>) {
    if (Bfloat16Loops::IsSupported(channels)) {
      return Bfloat16Loops::Normalize(rows, channels, x, map, silu, y);
    }
  }
  if (silu) {
    NormalizeRows<true>(rows, channels, x, map, y);
  } else {
    NormalizeRows<false>(rows, channels, x, map, y);
  }
}

template <typename T>
FDM_VECTORISED void Loops<T>::SumGradients(int64_t rows, int64_t channels, const T* x, const T* dy,
                                           Affine map, bool silu, GradientSums result, float* scratch) {
  if constexpr (std::is_same_v<T, Bits>) {
    if (Bfloat16Loops::IsSupported(channels)) {
      return Bfloat16Loops::SumGradients(rows, channels, x, dy, map, silu, result);
    }
  }
  if (silu) {
    SumRows<true>(rows, channels, x, dy, map, result, scratch);
  } else {
    SumRows<false>(rows, channels, x, dy, map, result, scratch);
  }
}

template <typename T>
FDM_VECTORISED void Loops<T>::InputGradient(int64_t rows, int64_t channels, const T* x, const T* dy,
                                            Affine map, bool silu, GroupMeans means, T* dx) {
  if constexpr (std::is_same_v<T, Bits>) {
    if (Bfloat16Loops::IsSupported(channels)) {
      return Bfloat16Loops::InputGradient(rows, channels, x, dy, map, silu, means, dx);
    }
  }
  if (silu) {
    InputGradientRows<true>(rows, channels, x, dy, map, means, dx);
  } else {
    InputGradientRows<false>(rows, channels, x, dy, map, means, dx);
  }
}

template struct Loops<float>;
template struct Loops<Bits>;

}  // namespace fdm
