// The gradients of a convolution's weights and bias: sums over all places, which are the words of the loops.
#include <algorithm>
#include <vector>

#include "convolution-layout.h"
#include "convolution-loops.h"
#include "convolution.h"

namespace fdm {
namespace {

static_assert(kChannelUnit % kOutputTile == 0 && kChannelUnit % kInputTile == 0, "tiles divide channels");

// A copy of a block whose words are places.
template <typename T>
struct PlaceCopy : Copy<float> {
  using Copy<float>::Copy;

  // Where the neighbours in a column begin: 0 to 2 * margin.
  int64_t Column(int64_t column) const { return column * tile; }
};

// In bfloat16, pairs of places next to each other: (parities, tiles, pictures, rows, columns, channels of a
// tile). With pixels around there are two, of which the second begins with the pixel after the first one's.
template <>
struct PlaceCopy<Bits> {
  Copy<Bits> pixels;
  // Pairs in a row that the loops go through, and those that are there.
  int64_t columns, pairs, parities, tiles;

  PlaceCopy(const Blocks& blocks, int64_t channels, int64_t channels_of_tile, int64_t pixels_around)
      : pixels(blocks, channels, channels_of_tile, pixels_around),
        columns((blocks.width + 1) / 2),
        pairs(columns + pixels_around),
        parities(pixels_around > 0 ? 2 : 1),
        tiles(pixels.tiles) {}

  int64_t Row() const { return pairs * pixels.tile; }
  int64_t At(int64_t t, int64_t picture, int64_t row) const {
    return ((t * pixels.pictures + picture) * pixels.rows + row) * Row();
  }
  int64_t Column(int64_t column) const { return column % 2 * At(tiles, 0, 0) + column / 2 * pixels.tile; }
  int64_t Size() const { return parities * At(tiles, 0, 0); }

  void Make(const Blocks& blocks, int64_t block, const Picture<const Bits>& from, int64_t phase,
            Pair* to) const {
    // Pairs may reach beyond a row's end, by pixels that must be zero, in either factor.
    std::vector<Bits> row((2 * pairs + 1) * pixels.tile);
    pixels.ForEachRow(blocks, block, from, phase, [&](int64_t t, int64_t n, int64_t r, const Bits* source) {
      pixels.CopyRow(blocks.width, source, from.Step(), row.data());
      for (int64_t parity = 0; parity < parities; ++parity) {
        PairPixels(row.data() + parity * pixels.tile, pixels.tile, pairs,
                   to + parity * At(tiles, 0, 0) + At(t, n, r));
      }
    });
  }
};

}  // namespace

template <typename T>
void Convolution<T>::FilterGradient(const Threads& threads, const ConvolutionShape& shape, const T* x,
                                    const T* dy, float* dweights, float* dbias) {
  using Word = typename Words<T>::Word;
  const std::vector<Tap> taps = TapsOf(shape);
  const int64_t phases = shape.scale * shape.scale, count = taps.size();
  const int64_t inputs = shape.inputs, outputs = shape.outputs, size = inputs * outputs;
  const Blocks blocks(shape, inputs + phases * outputs / Words<T>::kNumbers, threads.count);
  const PlaceCopy<T> of_x(blocks, inputs, kInputTile, kMargin), of_dy(blocks, outputs, kOutputTile, 0);
  const Picture<const T> from{x, shape.height, shape.width, inputs, 1};
  const Picture<const T> slope{dy, shape.height, shape.width, outputs, shape.scale};
  // Each part of the blocks has sums of its own: for each tap (inputs, outputs), then the bias's.
  const int64_t parts = std::min<int64_t>(blocks.count, threads.count), sums = count * size + outputs;
  std::vector<float> totals(parts * sums);
  const auto add_block = [&](int64_t block, const Word* copied_x, const Word* copied_dy, float* total) {
    const int64_t rows = blocks.Rows(block);
    for (int64_t t = 0; t < count; ++t) {
      const Tap& tap = taps[t];
      for (int64_t i = 0; i < of_x.tiles; ++i) {
        for (int64_t o = 0; o < of_dy.tiles; ++o) {
          float* target = total + t * size + i * kInputTile * outputs + o * kOutputTile;
          for (int64_t n = 0; n < blocks.Pictures(block); ++n) {
            ConvolutionLoops<T>::AddOuterProducts(
                copied_x + of_x.At(i, n, tap.row) + of_x.Column(tap.column), of_x.Row(),
                copied_dy + tap.phase * of_dy.Size() + of_dy.At(o, n, 0), of_dy.Row(), rows, of_dy.columns,
                target, outputs);
          }
        }
      }
    }
    for (int64_t phase = 0; phase < phases; ++phase) {
      for (int64_t o = 0; o < of_dy.tiles; ++o) {
        for (int64_t n = 0; n < blocks.Pictures(block); ++n) {
          ConvolutionLoops<T>::AddPixels(copied_dy + phase * of_dy.Size() + of_dy.At(o, n, 0),
                                         rows * of_dy.columns, total + count * size + o * kOutputTile);
        }
      }
    }
  };
  const int64_t of_block = Cost(blocks, count, inputs / Words<T>::kNumbers, outputs);
  const int64_t cost = of_block * ((blocks.count - 1) / parts + 1);
  threads.run(parts, cost, [&](int64_t begin, int64_t end) {
    const auto copied_x = Scratch<Word>(of_x.Size()), copied_dy = Scratch<Word>(phases * of_dy.Size());
    for (int64_t part = begin; part < end; ++part) {
      for (int64_t block = part * blocks.count / parts; block < (part + 1) * blocks.count / parts; ++block) {
        of_x.Make(blocks, block, from, 0, copied_x.get());
        for (int64_t phase = 0; phase < phases; ++phase) {
          of_dy.Make(blocks, block, slope, phase, copied_dy.get() + phase * of_dy.Size());
        }
        add_block(block, copied_x.get(), copied_dy.get(), totals.data() + part * sums);
      }
    }
  });
  // Each weight's gradient is the sum over the taps that it is part of, and over all parts.
  std::fill_n(dweights, kKernel * kKernel * size, 0.0f);
  threads.run(size, 2 * count * parts, [&](int64_t begin, int64_t end) {
    for (int64_t t = 0; t < count; ++t) {
      ForEachWeight(shape, taps[t], [&](int64_t start) {
        for (int64_t part = 0; part < parts; ++part) {
          const float* sum = totals.data() + part * sums + t * size;
          for (int64_t i = begin; i < end; ++i) dweights[start + i] += sum[i];
        }
      });
    }
  });
  std::fill_n(dbias, outputs, 0.0f);
  for (int64_t part = 0; part < parts; ++part) {
    const float* sum = totals.data() + part * sums + count * size;
    for (int64_t o = 0; o < outputs; ++o) dbias[o] += sum[o];
  }
}

template void Convolution<float>::FilterGradient(const Threads&, const ConvolutionShape&, const float*,
                                                 const float*, float*, float*);
template void Convolution<Bits>::FilterGradient(const Threads&, const ConvolutionShape&, const Bits*,
                                                const Bits*, float*, float*);

}  // namespace fdm
