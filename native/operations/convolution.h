// Convolutions with kernels of 3 by 3 and one pixel of zeros on every side, of pictures with their channels
// last, and their gradients: for processors with AVX-512. This file knows nothing of TensorFlow.
//
// A convolution may be of pictures enlarged to twice their size, each pixel repeated. What is computed is the
// same as from the enlarged pictures, but for rounding; they are never made. For each of the four pixels that
// come of one, sums of the kernel's weights stand for those that meet the same pixel.
#ifndef FDM_CONVOLUTION_H_
#define FDM_CONVOLUTION_H_

#include <cstdint>

#include "numbers.h"
#include "threads.h"

namespace fdm {

// Pictures are (pictures, height, width, inputs) before, and scale times as high and wide with `outputs`
// channels after. scale is 1 or 2, channels are multiples of kChannelUnit.
struct ConvolutionShape {
  int64_t pictures, height, width, inputs, outputs, scale;
};

constexpr int64_t kChannelUnit = 32;

// T is what pictures are made of: float, or Bits, whose products are added up in float32 as well.
template <typename T>
struct Convolution {
  // Whether this processor, and this build, have what the functions below need.
  static bool IsSupported();

  // weights are (3, 3, inputs, outputs), bias (outputs).
  static void Forward(const Threads& threads, const ConvolutionShape& shape, const T* x, const float* weights,
                      const float* bias, T* y);

  // The gradient of x for dy, that of y.
  static void InputGradient(const Threads& threads, const ConvolutionShape& shape, const T* dy,
                            const float* weights, T* dx);

  // The gradients of the weights and of the bias.
  static void FilterGradient(const Threads& threads, const ConvolutionShape& shape, const T* x, const T* dy,
                             float* dweights, float* dbias);
};

}  // namespace fdm

#endif  // FDM_CONVOLUTION_H_
