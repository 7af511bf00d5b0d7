// The loops of convolutions, in vectors of AVX-512. They keep sums in registers and meet no edges: what they
// read has been copied before, with zeros around the pictures. This file knows nothing of TensorFlow.
#ifndef FDM_CONVOLUTION_LOOPS_H_
#define FDM_CONVOLUTION_LOOPS_H_

#include <cstdint>

#include "numbers.h"

namespace fdm {

// Outputs that are computed at once: two vectors.
constexpr int64_t kOutputTile = 32;
// Inputs of which a filter's gradient is computed at once. With two vectors of outputs each they take half of
// the registers, and hide the time that an addition takes.
constexpr int64_t kInputTile = 8;

// What the loops take as one number of a picture, or of weights, and how many it is.
template <typename T>
struct Words {
  using Word = float;
  static constexpr int64_t kNumbers = 1;
};
template <>
struct Words<Bits> {
  using Word = Pair;
  static constexpr int64_t kNumbers = 2;
};

// Where a pixel's neighbours are: `count` of them, each at an offset in words from the pixel.
struct Neighbours {
  const int64_t* offsets;
  int64_t count;
};

template <typename T>
struct ConvolutionLoops {
  using Word = typename Words<T>::Word;

  static bool IsSupported();

  // A row of `width` pixels of kOutputTile channels, `step` numbers apart at y: the bias and the sum over all
  // neighbours of weights (neighbours, words, kOutputTile) times the neighbour at x, whose pixels of `words`
  // are next to each other.
  static void ConvolveRow(const Word* x, const Neighbours& neighbours, int64_t words, const Word* weights,
                          const float* bias, int64_t width, int64_t step, T* y);

  // Adds to the rows (kInputTile, kOutputTile), `stride` apart, the sum over words of pixels, `width` in a row,
  // of x (kInputTile) times dy (kOutputTile). Rows are x_row and dy_row words apart.
  static void AddOuterProducts(const Word* x, int64_t x_row, const Word* dy, int64_t dy_row, int64_t rows,
                               int64_t width, float* to, int64_t stride);

  // Adds kOutputTile numbers of each of `count` words of pixels, one after the other, to `sums`.
  static void AddPixels(const Word* x, int64_t count, float* sums);
};

// Pairs of the pixels 0 and 1, 2 and 3, and so on, of `tile` channels each: (pairs, tile).
void PairPixels(const Bits* pixels, int64_t tile, int64_t pairs, Pair* to);

}  // namespace fdm

#endif  // FDM_CONVOLUTION_LOOPS_H_
