// The loops of convolutions in bfloat16: the same as those in float32, but for pairs of numbers, of which one
// instruction multiplies and adds up sixteen.
#include "convolution-loops.h"

#include "bfloat16-vectors.h"

#ifdef FDM_HAS_BFLOAT16_VECTORS

namespace fdm {
namespace {

FDM_AVX512_BF16 FDM_INLINE void AddTo(__m512 vector, float* to) {
  _mm512_storeu_ps(to, _mm512_add_ps(_mm512_loadu_ps(to), vector));
}

template <int pixels>
FDM_AVX512_BF16 FDM_INLINE void ConvolvePixels(const Pair* x, const Neighbours& neighbours, int64_t words,
                                               const Pair* weights, const float* bias, int64_t step, Bits* y) {
  __m512 sums[pixels][2];
#pragma GCC unroll 8
  for (int p = 0; p < pixels; ++p) {
    sums[p][0] = _mm512_loadu_ps(bias);
    sums[p][1] = _mm512_loadu_ps(bias + kLanes);
  }
  for (int64_t i = 0; i < neighbours.count; ++i) {
    const Pair* neighbour = x + neighbours.offsets[i];
    for (int64_t c = 0; c < words; ++c) {
      const __m512bh first = LoadPairs(weights), second = LoadPairs(weights + kLanes);
      weights += kOutputTile;
#pragma GCC unroll 8
      for (int p = 0; p < pixels; ++p) {
        const __m512bh value = SpreadPair(neighbour[p * words + c]);
        sums[p][0] = _mm512_dpbf16_ps(sums[p][0], value, first);
        sums[p][1] = _mm512_dpbf16_ps(sums[p][1], value, second);
      }
    }
  }
#pragma GCC unroll 8
  for (int p = 0; p < pixels; ++p) {
    StoreRounded(sums[p][0], y + p * step);
    StoreRounded(sums[p][1], y + p * step + kLanes);
  }
}

template <int64_t tile>
FDM_AVX512_BF16 FDM_INLINE void PairTiles(const Bits* pixels, int64_t pairs, Pair* to) {
  for (int64_t i = 0; i < pairs; ++i) {
    for (int64_t c = 0; c < tile; ++c) {
      to[c] = pixels[c] | static_cast<Pair>(pixels[tile + c]) << 16;
    }
    pixels += 2 * tile;
    to += tile;
  }
}

}  // namespace

template <>
bool ConvolutionLoops<Bits>::IsSupported() {
  return HasBfloat16Vectors();
}

template <>
FDM_AVX512_BF16 void ConvolutionLoops<Bits>::ConvolveRow(const Pair* x, const Neighbours& neighbours,
                                                         int64_t words, const Pair* weights,
                                                         const float* bias, int64_t width, int64_t step,
                                                         Bits* y) {
  int64_t at = 0;
  for (; at + 8 <= width; at += 8) {
    ConvolvePixels<8>(x + at * words, neighbours, words, weights, bias, step, y + at * step);
  }
  for (; at + 4 <= width; at += 4) {
    ConvolvePixels<4>(x + at * words, neighbours, words, weights, bias, step, y + at * step);
  }
  for (; at < width; ++at) {
    ConvolvePixels<1>(x + at * words, neighbours, words, weights, bias, step, y + at * step);
  }
}

template <>
FDM_AVX512_BF16 void ConvolutionLoops<Bits>::AddOuterProducts(const Pair* x, int64_t x_row, const Pair* dy,
                                                              int64_t dy_row, int64_t rows, int64_t width,
                                                              float* to, int64_t stride) {
  __m512 sums[kInputTile][2] = {};
  for (int64_t row = 0; row < rows; ++row) {
    const Pair *inputs = x + row * x_row, *slopes = dy + row * dy_row;
    for (int64_t at = 0; at < width; ++at) {
      const __m512bh first = LoadPairs(slopes), second = LoadPairs(slopes + kLanes);
#pragma GCC unroll 8
      for (int64_t i = 0; i < kInputTile; ++i) {
        const __m512bh value = SpreadPair(inputs[i]);
        sums[i][0] = _mm512_dpbf16_ps(sums[i][0], value, first);
        sums[i][1] = _mm512_dpbf16_ps(sums[i][1], value, second);
      }
      inputs += kInputTile;
      slopes += kOutputTile;
    }
  }
#pragma GCC unroll 8
  for (int64_t i = 0; i < kInputTile; ++i) {
    AddTo(sums[i][0], to + i * stride);
    AddTo(sums[i][1], to + i * stride + kLanes);
  }
}

template <>
FDM_AVX512_BF16 void ConvolutionLoops<Bits>::AddPixels(const Pair* x, int64_t count, float* sums) {
  const __m512bh ones = SpreadPair(0x3f803f80);
  __m512 first = {}, second = {};
  for (int64_t i = 0; i < count; ++i) {
    first = _mm512_dpbf16_ps(first, ones, LoadPairs(x + i * kOutputTile));
    second = _mm512_dpbf16_ps(second, ones, LoadPairs(x + i * kOutputTile + kLanes));
  }
  AddTo(first, sums);
  AddTo(second, sums + kLanes);
}

FDM_AVX512_BF16 void PairPixels(const Bits* pixels, int64_t tile, int64_t pairs, Pair* to) {
  if (tile == kInputTile) {
    PairTiles<kInputTile>(pixels, pairs, to);
  } else {
    PairTiles<kOutputTile>(pixels, pairs, to);
  }
}

}  // namespace fdm

#else

namespace fdm {

template <>
bool ConvolutionLoops<Bits>::IsSupported() {
  return false;
}

// Never called then.
template <>
void ConvolutionLoops<Bits>::ConvolveRow(const Pair*, const Neighbours&, int64_t, const Pair*, const float*,
                                         int64_t, int64_t, Bits*) {}
template <>
void ConvolutionLoops<Bits>::AddOuterProducts(const Pair*, int64_t, const Pair*, int64_t, int64_t, int64_t,
                                              float*, int64_t) {}
template <>
void ConvolutionLoops<Bits>::AddPixels(const Pair*, int64_t, float*) {}
void PairPixels(const Bits*, int64_t, int64_t, Pair*) {}

}  // namespace fdm

#endif
