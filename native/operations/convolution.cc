#include "convolution.h"

#include <algorithm>
#include <vector>

#include "convolution-layout.h"
#include "convolution-loops.h"

namespace fdm {
namespace {

static_assert(kChannelUnit % kOutputTile == 0, "tiles divide channels");

// The offsets of neighbours in a copy that has them around, from the first of a pixel's own.
template <typename Word>
int64_t Offset(const Copy<Word>& copy, int64_t row, int64_t column) {
  return row * copy.Row() + column * copy.tile;
}

// Weights (from, kOutputTile) as words of the loops: of one row of them, or of two.
void ToWords(const float* weights, int64_t from, float* to) { std::copy_n(weights, from * kOutputTile, to); }

void ToWords(const float* weights, int64_t from, Pair* to) {
  for (int64_t i = 0; i < from / 2; ++i) {
    const float* rows = weights + 2 * i * kOutputTile;
    for (int64_t o = 0; o < kOutputTile; ++o) {
      Bits first, second;
      Store(rows[o], &first);
      Store(rows[kOutputTile + o], &second);
      to[i * kOutputTile + o] = first | static_cast<Pair>(second) << 16;
    }
  }
}

// The sums of weights of each tap, as the loops take them: (tiles, taps, words of from, kOutputTile), for `to`
// channels in tiles. `is_transposed`: from outputs to inputs.
template <typename T>
std::vector<typename Words<T>::Word> PackWeights(const Threads& threads, const ConvolutionShape& shape,
                                                 const float* weights, const std::vector<Tap>& taps,
                                                 bool is_transposed) {
  const int64_t inputs = shape.inputs, outputs = shape.outputs;
  const int64_t from = is_transposed ? outputs : inputs, to = is_transposed ? inputs : outputs;
  const int64_t count = taps.size(), words = from / Words<T>::kNumbers;
  std::vector<typename Words<T>::Word> packed(count * words * to);
  threads.run(to / kOutputTile * count, 4 * from * kOutputTile, [&](int64_t begin, int64_t end) {
    std::vector<float> sums(from * kOutputTile);
    for (int64_t unit = begin; unit < end; ++unit) {
      const int64_t first = unit / count * kOutputTile;
      std::fill(sums.begin(), sums.end(), 0.0f);
      ForEachWeight(shape, taps[unit % count], [&](int64_t start) {
        for (int64_t i = 0; i < from; ++i) {
          for (int64_t o = 0; o < kOutputTile; ++o) {
            const int64_t at = is_transposed ? (first + o) * outputs + i : i * outputs + first + o;
            sums[i * kOutputTile + o] += weights[start + at];
          }
        }
      });
      ToWords(sums.data(), from, packed.data() + unit * words * kOutputTile);
    }
  });
  return packed;
}

// A picture's numbers as words of the loops.
template <typename T>
const typename Words<T>::Word* AsWords(const T* numbers) {
  return reinterpret_cast<const typename Words<T>::Word*>(numbers);
}

}  // namespace

template <typename T>
bool Convolution<T>::IsSupported() {
  return ConvolutionLoops<T>::IsSupported();
}

template <typename T>
void Convolution<T>::Forward(const Threads& threads, const ConvolutionShape& shape, const T* x,
                             const float* weights, const float* bias, T* y) {
  using Word = typename Words<T>::Word;
  const int64_t words = shape.inputs / Words<T>::kNumbers;
  const std::vector<Tap> taps = TapsOf(shape);
  const int64_t phases = shape.scale * shape.scale, count = taps.size(), per_phase = count / phases;
  const std::vector<Word> packed = PackWeights<T>(threads, shape, weights, taps, /*is_transposed=*/false);
  const Blocks blocks(shape, words, threads.count);
  const Copy<Word> copy(blocks, words, words, kMargin);
  std::vector<int64_t> offsets;
  for (const Tap& tap : taps) offsets.push_back(Offset(copy, tap.row, tap.column));
  const Picture<const Word> from{AsWords(x), shape.height, shape.width, words, 1};
  const Picture<T> to{y, shape.height, shape.width, shape.outputs, shape.scale};
  const auto convolve = [&](int64_t block, const Word* copied) {
    for (int64_t tile = 0; tile < shape.outputs / kOutputTile; ++tile) {
      for (int64_t phase = 0; phase < phases; ++phase) {
        const int64_t first = phase * per_phase;
        const Word* weight = packed.data() + (tile * count + first) * words * kOutputTile;
        for (int64_t n = 0; n < blocks.Pictures(block); ++n) {
          for (int64_t r = 0; r < blocks.Rows(block); ++r) {
            T* row = to.At(blocks.FirstPicture(block) + n, blocks.FirstRow(block) + r, 0, phase);
            ConvolutionLoops<T>::ConvolveRow(copied + copy.At(0, n, r), {offsets.data() + first, per_phase},
                                             words, weight, bias + tile * kOutputTile, shape.width,
                                             to.Step(), row + tile * kOutputTile);
          }
        }
      }
    }
  };
  const int64_t cost = Cost(blocks, count, words, shape.outputs);
  threads.run(blocks.count, cost, [&](int64_t begin, int64_t end) {
    const auto copied = Scratch<Word>(copy.Size());
    for (int64_t block = begin; block < end; ++block) {
      copy.Make(blocks, block, from, 0, copied.get());
      convolve(block, copied.get());
    }
  });
}

template <typename T>
void Convolution<T>::InputGradient(const Threads& threads, const ConvolutionShape& shape, const T* dy,
                                   const float* weights, T* dx) {
  using Word = typename Words<T>::Word;
  const int64_t words = shape.outputs / Words<T>::kNumbers;
  const std::vector<Tap> taps = TapsOf(shape);
  const int64_t phases = shape.scale * shape.scale, count = taps.size();
  const std::vector<Word> packed = PackWeights<T>(threads, shape, weights, taps, /*is_transposed=*/true);
  const std::vector<float> zeros(kOutputTile);
  const Blocks blocks(shape, phases * words, threads.count);
  const Copy<Word> copy(blocks, words, words, kMargin);
  // A pixel's gradient comes from where it is the neighbour: at the opposite side.
  std::vector<int64_t> offsets;
  for (const Tap& tap : taps) {
    const int64_t opposite = Offset(copy, 2 * kMargin - tap.row, 2 * kMargin - tap.column);
    offsets.push_back(tap.phase * copy.Size() + opposite);
  }
  const Picture<const Word> from{AsWords(dy), shape.height, shape.width, words, shape.scale};
  const Picture<T> to{dx, shape.height, shape.width, shape.inputs, 1};
  const int64_t cost = Cost(blocks, count, shape.inputs, words);
  threads.run(blocks.count, cost, [&](int64_t begin, int64_t end) {
    const auto copied = Scratch<Word>(phases * copy.Size());
    for (int64_t block = begin; block < end; ++block) {
      for (int64_t phase = 0; phase < phases; ++phase) {
        copy.Make(blocks, block, from, phase, copied.get() + phase * copy.Size());
      }
      for (int64_t tile = 0; tile < shape.inputs / kOutputTile; ++tile) {
        const Word* weight = packed.data() + tile * count * words * kOutputTile;
        for (int64_t n = 0; n < blocks.Pictures(block); ++n) {
          for (int64_t r = 0; r < blocks.Rows(block); ++r) {
            T* row = to.At(blocks.FirstPicture(block) + n, blocks.FirstRow(block) + r, 0, 0);
            ConvolutionLoops<T>::ConvolveRow(copied.get() + copy.At(0, n, r), {offsets.data(), count}, words,
                                             weight, zeros.data(), shape.width, to.Step(),
                                             row + tile * kOutputTile);
          }
        }
      }
    }
  });
}

#define FDM_MAKE_CONVOLUTION(T)                                                                       \
  template bool Convolution<T>::IsSupported();                                                        \
  template void Convolution<T>::Forward(const Threads&, const ConvolutionShape&, const T*,            \
                                        const float*, const float*, T*);                              \
  template void Convolution<T>::InputGradient(const Threads&, const ConvolutionShape&, const T*,      \
                                              const float*, T*)

FDM_MAKE_CONVOLUTION(float);
FDM_MAKE_CONVOLUTION(Bits);

}  // namespace fdm
