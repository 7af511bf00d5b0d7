// The loops of group normalisation for bfloat16 in the instructions of processors with AVX512-BF16. What is
// rounded to 8 bits in the end need not be computed to 24: exponentials and reciprocals are rough.
#include "group-norm-loops.h"

#include <algorithm>

#include "bfloat16-vectors.h"

#ifdef FDM_HAS_BFLOAT16_VECTORS

namespace fdm {
namespace {

// 1 / (1 + e^-x), to 2^-13 of it.
FDM_AVX512_BF16 FDM_INLINE __m512 RoughSigmoid(__m512 x) {
  const __m512 power = RoughPowerOf2(_mm512_mul_ps(x, _mm512_set1_ps(-1.44269504f)));
  return _mm512_rcp14_ps(_mm512_add_ps(power, _mm512_set1_ps(1)));
}

// dy before the activation, from dy after it; u is the activation's input.
template <bool silu>
FDM_AVX512_BF16 FDM_INLINE __m512 BeforeActivation(__m512 dy, __m512 u) {
  if (!silu) return dy;
  const __m512 s = RoughSigmoid(u);
  return _mm512_mul_ps(dy, _mm512_fmadd_ps(_mm512_fnmadd_ps(u, s, u), s, s));
}

// x_hat = x scale + shift
struct Standard {
  __m512 scale, shift;

  FDM_AVX512_BF16 FDM_INLINE Standard(const Affine& map, int64_t c)
      : scale(_mm512_loadu_ps(map.rstd + c)),
        shift(_mm512_sub_ps(_mm512_setzero_ps(), _mm512_mul_ps(_mm512_loadu_ps(map.mean + c), scale))) {}

  FDM_AVX512_BF16 FDM_INLINE __m512 Of(__m512 x) const { return _mm512_fmadd_ps(x, scale, shift); }
};

// Rows that stay in the first cache while their channels are gone through, sixteen at a time, and few enough
// for a plain sum in float32 to be exact to the last bits.
int64_t BlockRows(int64_t channels) { return std::max<int64_t>(1, 4096 / channels); }

FDM_AVX512_BF16 FDM_INLINE void BlockMoments(int64_t rows, int64_t channels, const Bits* x, Moments result) {
  for (int64_t c = 0; c < channels; c += kLanes) {
    __m512 sum = _mm512_setzero_ps(), squares = _mm512_setzero_ps();
    for (int64_t row = 0; row < rows; ++row) {
      sum = _mm512_add_ps(sum, LoadWidened(x + row * channels + c));
    }
    const __m512 mean = _mm512_mul_ps(sum, _mm512_set1_ps(1.0f / static_cast<float>(rows)));
    for (int64_t row = 0; row < rows; ++row) {
      const __m512 distance = _mm512_sub_ps(LoadWidened(x + row * channels + c), mean);
      squares = _mm512_fmadd_ps(distance, distance, squares);
    }
    _mm512_storeu_ps(result.mean + c, mean);
    _mm512_storeu_ps(result.squares + c, squares);
  }
}

template <bool silu>
FDM_AVX512_BF16 FDM_INLINE void NormalizeRows(int64_t rows, int64_t channels, const Bits* x, const Affine& map,
                                              Bits* y) {
  for (int64_t c = 0; c < channels; c += kLanes) {
    const Standard standard(map, c);
    const __m512 gamma = _mm512_loadu_ps(map.gamma + c), beta = _mm512_loadu_ps(map.beta + c);
    const __m512 scale = _mm512_mul_ps(standard.scale, gamma);
    const __m512 shift = _mm512_fmadd_ps(standard.shift, gamma, beta);
    for (int64_t row = 0; row < rows; ++row) {
      const __m512 u = _mm512_fmadd_ps(LoadWidened(x + row * channels + c), scale, shift);
      StoreRounded(silu ? _mm512_mul_ps(u, RoughSigmoid(u)) : u, y + row * channels + c);
    }
  }
}

template <bool silu>
FDM_AVX512_BF16 FDM_INLINE void AddRows(int64_t rows, int64_t channels, const Bits* x, const Bits* dy,
                                        const Affine& map, GradientSums result) {
  for (int64_t c = 0; c < channels; c += kLanes) {
    const Standard standard(map, c);
    const __m512 gamma = _mm512_loadu_ps(map.gamma + c), beta = _mm512_loadu_ps(map.beta + c);
    __m512 sum = _mm512_setzero_ps(), product = _mm512_setzero_ps();
    for (int64_t row = 0; row < rows; ++row) {
      const __m512 x_hat = standard.Of(LoadWidened(x + row * channels + c));
      const __m512 u = _mm512_fmadd_ps(x_hat, gamma, beta);
      const __m512 du = BeforeActivation<silu>(LoadWidened(dy + row * channels + c), u);
      sum = _mm512_add_ps(sum, du);
      product = _mm512_fmadd_ps(du, x_hat, product);
    }
    _mm512_storeu_ps(result.beta + c, _mm512_add_ps(_mm512_loadu_ps(result.beta + c), sum));
    _mm512_storeu_ps(result.gamma + c, _mm512_add_ps(_mm512_loadu_ps(result.gamma + c), product));
  }
}

// dx = rstd (g - mean(g) - x_hat mean(g x_hat))
template <bool silu>
FDM_AVX512_BF16 FDM_INLINE void InputGradientRows(int64_t rows, int64_t channels, const Bits* x, const Bits* dy,
                                                  const Affine& map, const GroupMeans& means, Bits* dx) {
  for (int64_t c = 0; c < channels; c += kLanes) {
    const Standard standard(map, c);
    const __m512 gamma = _mm512_loadu_ps(map.gamma + c), beta = _mm512_loadu_ps(map.beta + c);
    const __m512 g = _mm512_loadu_ps(means.g + c), g_x_hat = _mm512_loadu_ps(means.g_x_hat + c);
    for (int64_t row = 0; row < rows; ++row) {
      const __m512 x_hat = standard.Of(LoadWidened(x + row * channels + c));
      const __m512 u = _mm512_fmadd_ps(x_hat, gamma, beta);
      const __m512 du = BeforeActivation<silu>(LoadWidened(dy + row * channels + c), u);
      const __m512 inner = _mm512_fnmadd_ps(x_hat, g_x_hat, _mm512_fmsub_ps(du, gamma, g));
      StoreRounded(_mm512_mul_ps(standard.scale, inner), dx + row * channels + c);
    }
  }
}

}  // namespace

bool Bfloat16Loops::IsSupported(int64_t channels) {
  static const bool has_vectors = HasBfloat16Vectors();
  return has_vectors && channels % kLanes == 0;
}

FDM_AVX512_BF16 void Bfloat16Loops::ComputeMoments(int64_t rows, int64_t channels, const Bits* x,
                                                   Moments result, float* scratch) {
  const int64_t block = std::min(rows, BlockRows(channels));
  BlockMoments(block, channels, x, result);
  const Moments part{scratch, scratch + channels};
  for (int64_t row = block; row < rows; row += block) {
    const int64_t count = std::min(block, rows - row);
    BlockMoments(count, channels, x + row * channels, part);
    MergeMoments(channels, row, result, count, part);
  }
}

FDM_AVX512_BF16 void Bfloat16Loops::Normalize(int64_t rows, int64_t channels, const Bits* x, Affine map,
                                              bool silu, Bits* y) {
  const int64_t block = BlockRows(channels);
  for (int64_t row = 0; row < rows; row += block) {
    const int64_t count = std::min(block, rows - row), offset = row * channels;
    if (silu) {
      NormalizeRows<true>(count, channels, x + offset, map, y + offset);
    } else {
      NormalizeRows<false>(count, channels, x + offset, map, y + offset);
    }
  }
}

FDM_AVX512_BF16 void Bfloat16Loops::SumGradients(int64_t rows, int64_t channels, const Bits* x, const Bits* dy,
                                                 Affine map, bool silu, GradientSums result) {
  std::fill_n(result.beta, channels, 0.0f);
  std::fill_n(result.gamma, channels, 0.0f);
  const int64_t block = BlockRows(channels);
  for (int64_t row = 0; row < rows; row += block) {
    const int64_t count = std::min(block, rows - row), offset = row * channels;
    if (silu) {
      AddRows<true>(count, channels, x + offset, dy + offset, map, result);
    } else {
      AddRows<false>(count, channels, x + offset, dy + offset, map, result);
    }
  }
}

FDM_AVX512_BF16 void Bfloat16Loops::InputGradient(int64_t rows, int64_t channels, const Bits* x,
                                                  const Bits* dy, Affine map, bool silu, GroupMeans means,
                                                  Bits* dx) {
  const int64_t block = BlockRows(channels);
  for (int64_t row = 0; row < rows; row += block) {
    const int64_t count = std::min(block, rows - row), offset = row * channels;
    if (silu) {
      InputGradientRows<true>(count, channels, x + offset, dy + offset, map, means, dx + offset);
    } else {
      InputGradientRows<false>(count, channels, x + offset, dy + offset, map, means, dx + offset);
    }
  }
}

}  // namespace fdm

#else

namespace fdm {

bool Bfloat16Loops::IsSupported(int64_t) { return false; }

// Never called then.
void Bfloat16Loops::ComputeMoments(int64_t, int64_t, const Bits*, Moments, float*) {}
void Bfloat16Loops::Normalize(int64_t, int64_t, const Bits*, Affine, bool, Bits*) {}
void Bfloat16Loops::SumGradients(int64_t, int64_t, const Bits*, const Bits*, Affine, bool, GradientSums) {}
void Bfloat16Loops::InputGradient(int64_t, int64_t, const Bits*, const Bits*, Affine, bool, GroupMeans,
                                  Bits*) {}

}  // namespace fdm

#endif
