// The loops of convolutions, in vectors of AVX-512. They keep sums in registers and meet no edges: what they
// read has been copied before, with zeros around the pictures. This file knows nothing of TensorFlow.
#ifndef FDM_CONVOLUTION_LOOPS_H_
#define FDM_CONVOLUTION_LOOPS_H_

#include <cstdint>

namespace fdm {

// Outputs that are computed at once: two vectors.
constexpr int64_t kOutputTile = 32;
// Inputs of which a filter's gradient is computed at once. With two vectors of outputs each they take half of
// the registers, and hide the time that an addition takes.
constexpr int64_t kInputTile = 8;

// Where a pixel's neighbours are: `count` of them, each at an offset in floats from the pixel.
struct Neighbours {
  const int64_t* offsets;
  int64_t count;
};

// A row of `width` pixels of kOutputTile channels, `step` floats apart at y: the bias and the sum over all
// neighbours of weights (neighbours, channels, kOutputTile) times the neighbour at x, whose pixels are next
// to each other. Sums are taken in parts, which rounds less than one long sum.
void ConvolveRow(const float* x, const Neighbours& neighbours, int64_t channels, const float* weights,
                 const float* bias, int64_t width, int64_t step, float* y);

// Adds to the rows (kInputTile, kOutputTile), `stride` apart, the sum over pixels of x (kInputTile) times dy
// (kOutputTile). Rows of pixels are x_row and dy_row floats apart.
void AddOuterProducts(const float* x, int64_t x_row, const float* dy, int64_t dy_row, int64_t rows,
                      int64_t width, float* to, int64_t stride);

// Adds kOutputTile numbers of each of `count` pixels, one after the other, to `sums`.
void AddPixels(const float* x, int64_t count, float* sums);

}  // namespace fdm

#endif  // FDM_CONVOLUTION_LOOPS_H_
