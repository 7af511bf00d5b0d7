#include "convolution.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "convolution-loops.h"

namespace fdm {
namespace {

constexpr int64_t kKernel = 3;
// Pixels around a picture.
constexpr int64_t kMargin = kKernel / 2;

static_assert(kChannelUnit % kOutputTile == 0 && kChannelUnit % kInputTile == 0, "tiles divide channels");

// What one neighbour of a pixel contributes to one of the pixels that come of it.
struct Tap {
  // The neighbour: 0 to 2, of which 1 is the pixel itself.
  int64_t row, column;
  // Which of the scale^2 pixels.
  int64_t phase;
  // The weights that meet it, whose sum counts: rows and columns of the kernel, the last excluded.
  int64_t first_row, last_row, first_column, last_column;
};

// In one direction: for each of `scale` pixels, which neighbours its kernel meets, and with which weights.
struct Meeting {
  int64_t neighbour, phase, first, last;
};

std::vector<Meeting> MeetingsOf(const ConvolutionShape& shape) {
  if (shape.scale == 1) return {{0, 0, 0, 1}, {1, 0, 1, 2}, {2, 0, 2, 3}};
  // The left one of two equal pixels meets one pixel of its left neighbour and two of itself.
  return {{0, 0, 0, 1}, {1, 0, 1, 3}, {1, 1, 0, 2}, {2, 1, 2, 3}};
}

// Sorted by phase.
std::vector<Tap> TapsOf(const ConvolutionShape& shape) {
  std::vector<Tap> taps;
  for (int64_t phase = 0; phase < shape.scale * shape.scale; ++phase) {
    for (const Meeting& v : MeetingsOf(shape)) {
      for (const Meeting& h : MeetingsOf(shape)) {
        if (v.phase * shape.scale + h.phase != phase) continue;
        taps.push_back({v.neighbour, h.neighbour, phase, v.first, v.last, h.first, h.last});
      }
    }
  }
  return taps;
}

// Calls work(offset) for each weight of a tap: where its (inputs, outputs) begin among all.
template <typename Work>
void ForEachWeight(const ConvolutionShape& shape, const Tap& tap, const Work& work) {
  for (int64_t row = tap.first_row; row < tap.last_row; ++row) {
    for (int64_t column = tap.first_column; column < tap.last_column; ++column) {
      work((row * kKernel + column) * shape.inputs * shape.outputs);
    }
  }
}

// A tensor of pictures (pictures, scale * height, scale * width, channels), of which one of scale^2 pixels is
// looked at.
template <typename T>
struct Picture {
  T* start;
  int64_t height, width, channels, scale;

  // The pixel (row, column) of those that are looked at.
  T* At(int64_t picture, int64_t row, int64_t column, int64_t phase) const {
    const int64_t line = (picture * height + row) * scale + phase / scale;
    return start + ((line * width + column) * scale + phase % scale) * channels;
  }
  int64_t Step() const { return scale * channels; }
};

// The pictures in blocks of rows that stay in the cache: rows of a picture, or several whole pictures.
struct Blocks {
  int64_t pictures, height, width;
  int64_t rows, whole, per_picture, count;

  // `floats` is how many there are at a place.
  Blocks(const ConvolutionShape& shape, int64_t floats, int threads)
      : pictures(shape.pictures), height(shape.height), width(shape.width) {
    constexpr int64_t kCached = 1 << 16;
    // Enough blocks for all threads to be done at about the same time.
    const int64_t shared = (pictures * height - 1) / (4 * threads) + 1;
    const int64_t lines = std::max<int64_t>(1, std::min(shared, kCached / (width * floats)));
    rows = std::min(lines, height);
    whole = std::min(pictures, std::max<int64_t>(1, lines / height));
    per_picture = (height - 1) / rows + 1;
    count = ((pictures - 1) / whole + 1) * per_picture;
  }

  int64_t FirstPicture(int64_t block) const { return block / per_picture * whole; }
  int64_t Pictures(int64_t block) const { return std::min(whole, pictures - FirstPicture(block)); }
  int64_t FirstRow(int64_t block) const { return block % per_picture * rows; }
  int64_t Rows(int64_t block) const { return std::min(rows, height - FirstRow(block)); }
};

// A copy of a block in which channels are divided into tiles: (tiles, pictures, rows, columns, channels of a
// tile), with `margin` pixels on every side, which are zero outside of the picture.
struct Copy {
  int64_t tile, margin, rows, columns, pictures, tiles;

  Copy(const Blocks& blocks, int64_t channels, int64_t channels_of_tile, int64_t pixels_around)
      : tile(channels_of_tile),
        margin(pixels_around),
        rows(blocks.rows + 2 * margin),
        columns(blocks.width + 2 * margin),
        pictures(blocks.whole),
        tiles(channels / tile) {}

  int64_t Row() const { return columns * tile; }
  int64_t At(int64_t t, int64_t picture, int64_t row) const {
    return ((t * pictures + picture) * rows + row) * Row();
  }
  int64_t Size() const { return At(tiles, 0, 0); }

  void Make(const Blocks& blocks, int64_t block, const Picture<const float>& from, int64_t phase,
            float* to) const {
    for (int64_t n = 0; n < blocks.Pictures(block); ++n) {
      for (int64_t r = 0; r < blocks.Rows(block) + 2 * margin; ++r) {
        const int64_t row = blocks.FirstRow(block) + r - margin;
        const bool is_outside = row < 0 || row >= blocks.height;
        const float* source = from.At(blocks.FirstPicture(block) + n, is_outside ? 0 : row, 0, phase);
        for (int64_t t = 0; t < tiles; ++t) {
          CopyRow(blocks.width, is_outside ? nullptr : source + t * tile, from.Step(), to + At(t, n, r));
        }
      }
    }
  }

 private:
  // A row of zeros where there is no source.
  void CopyRow(int64_t width, const float* source, int64_t step, float* to) const {
    if (!source) {
      std::fill_n(to, Row(), 0.0f);
      return;
    }
    std::fill_n(to, margin * tile, 0.0f);
    float* pixel = to + margin * tile;
    if (step == tile) {
      std::copy_n(source, width * tile, pixel);
    } else {
      for (int64_t i = 0; i < width; ++i) std::copy_n(source + i * step, tile, pixel + i * tile);
    }
    std::fill_n(pixel + width * tile, margin * tile, 0.0f);
  }
};

// Not cleared.
std::unique_ptr<float[]> Scratch(int64_t size) { return std::unique_ptr<float[]>(new float[size]); }

// The offsets of neighbours in a copy that has them around, from the first of a pixel's own.
int64_t Offset(const Copy& copy, int64_t row, int64_t column) {
  return row * copy.Row() + column * copy.tile;
}

// The sums of weights of each tap, as the loops take them: (tiles, taps, from, kOutputTile), for `to`
// channels in tiles. `is_transposed`: from outputs to inputs.
std::vector<float> PackWeights(const Threads& threads, const ConvolutionShape& shape, const float* weights,
                               const std::vector<Tap>& taps, bool is_transposed) {
  const int64_t inputs = shape.inputs, outputs = shape.outputs;
  const int64_t from = is_transposed ? outputs : inputs, to = is_transposed ? inputs : outputs;
  const int64_t count = taps.size();
  std::vector<float> packed(count * inputs * outputs);
  threads.run(to / kOutputTile * count, 4 * from * kOutputTile, [&](int64_t begin, int64_t end) {
    for (int64_t unit = begin; unit < end; ++unit) {
      const int64_t first = unit / count * kOutputTile;
      float* tile = packed.data() + unit * from * kOutputTile;
      ForEachWeight(shape, taps[unit % count], [&](int64_t start) {
        for (int64_t i = 0; i < from; ++i) {
          for (int64_t o = 0; o < kOutputTile; ++o) {
            const int64_t at = is_transposed ? (first + o) * outputs + i : i * outputs + first + o;
            tile[i * kOutputTile + o] += weights[start + at];
          }
        }
      });
    }
  });
  return packed;
}

int64_t Cost(const Blocks& blocks, int64_t taps, int64_t inputs, int64_t outputs) {
  return std::max<int64_t>(1, blocks.whole * blocks.rows * blocks.width * taps * inputs * outputs / 16);
}

}  // namespace

bool Convolution::IsSupported() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
  return false;
#endif
}

void Convolution::Forward(const Threads& threads, const ConvolutionShape& shape, const float* x,
                          const float* weights, const float* bias, float* y) {
  const std::vector<Tap> taps = TapsOf(shape);
  const int64_t phases = shape.scale * shape.scale, count = taps.size(), per_phase = count / phases;
  const std::vector<float> packed = PackWeights(threads, shape, weights, taps, /*is_transposed=*/false);
  const Blocks blocks(shape, shape.inputs, threads.count);
  const Copy copy(blocks, shape.inputs, shape.inputs, kMargin);
  std::vector<int64_t> offsets;
  for (const Tap& tap : taps) offsets.push_back(Offset(copy, tap.row, tap.column));
  const Picture<const float> from{x, shape.height, shape.width, shape.inputs, 1};
  const Picture<float> to{y, shape.height, shape.width, shape.outputs, shape.scale};
  const auto convolve = [&](int64_t block, const float* copied) {
    for (int64_t tile = 0; tile < shape.outputs / kOutputTile; ++tile) {
      for (int64_t phase = 0; phase < phases; ++phase) {
        const int64_t first = phase * per_phase;
        const float* weight = packed.data() + (tile * count + first) * shape.inputs * kOutputTile;
        for (int64_t n = 0; n < blocks.Pictures(block); ++n) {
          for (int64_t r = 0; r < blocks.Rows(block); ++r) {
            float* row = to.At(blocks.FirstPicture(block) + n, blocks.FirstRow(block) + r, 0, phase);
            ConvolveRow(copied + copy.At(0, n, r), {offsets.data() + first, per_phase}, shape.inputs, weight,
                        bias + tile * kOutputTile, shape.width, to.Step(), row + tile * kOutputTile);
          }
        }
      }
    }
  };
  const int64_t cost = Cost(blocks, count, shape.inputs, shape.outputs);
  threads.run(blocks.count, cost, [&](int64_t begin, int64_t end) {
    const auto copied = Scratch(copy.Size());
    for (int64_t block = begin; block < end; ++block) {
      copy.Make(blocks, block, from, 0, copied.get());
      convolve(block, copied.get());
    }
  });
}

void Convolution::InputGradient(const Threads& threads, const ConvolutionShape& shape, const float* dy,
                                const float* weights, float* dx) {
  const std::vector<Tap> taps = TapsOf(shape);
  const int64_t phases = shape.scale * shape.scale, count = taps.size();
  const std::vector<float> packed = PackWeights(threads, shape, weights, taps, /*is_transposed=*/true);
  const std::vector<float> zeros(kOutputTile);
  const Blocks blocks(shape, phases * shape.outputs, threads.count);
  const Copy copy(blocks, shape.outputs, shape.outputs, kMargin);
  // A pixel's gradient comes from where it is the neighbour: at the opposite side.
  std::vector<int64_t> offsets;
  for (const Tap& tap : taps) {
    const int64_t opposite = Offset(copy, 2 * kMargin - tap.row, 2 * kMargin - tap.column);
    offsets.push_back(tap.phase * copy.Size() + opposite);
  }
  const Picture<const float> from{dy, shape.height, shape.width, shape.outputs, shape.scale};
  const Picture<float> to{dx, shape.height, shape.width, shape.inputs, 1};
  const int64_t cost = Cost(blocks, count, shape.inputs, shape.outputs);
  threads.run(blocks.count, cost, [&](int64_t begin, int64_t end) {
    const auto copied = Scratch(phases * copy.Size());
    for (int64_t block = begin; block < end; ++block) {
      for (int64_t phase = 0; phase < phases; ++phase) {
        copy.Make(blocks, block, from, phase, copied.get() + phase * copy.Size());
      }
      for (int64_t tile = 0; tile < shape.inputs / kOutputTile; ++tile) {
        const float* weight = packed.data() + tile * count * shape.outputs * kOutputTile;
        for (int64_t n = 0; n < blocks.Pictures(block); ++n) {
          for (int64_t r = 0; r < blocks.Rows(block); ++r) {
            float* row = to.At(blocks.FirstPicture(block) + n, blocks.FirstRow(block) + r, 0, 0);
            ConvolveRow(copied.get() + copy.At(0, n, r), {offsets.data(), count}, shape.outputs, weight,
                        zeros.data(), shape.width, to.Step(), row + tile * kOutputTile);
          }
        }
      }
    }
  });
}

void Convolution::FilterGradient(const Threads& threads, const ConvolutionShape& shape, const float* x,
                                 const float* dy, float* dweights, float* dbias) {
  const std::vector<Tap> taps = TapsOf(shape);
  const int64_t phases = shape.scale * shape.scale, count = taps.size();
  const int64_t inputs = shape.inputs, outputs = shape.outputs, size = inputs * outputs;
  const Blocks blocks(shape, inputs + phases * outputs, threads.count);
  const Copy of_x(blocks, inputs, kInputTile, kMargin), of_dy(blocks, outputs, kOutputTile, 0);
  const Picture<const float> from{x, shape.height, shape.width, inputs, 1};
  const Picture<const float> slope{dy, shape.height, shape.width, outputs, shape.scale};
  // Each part of the blocks has sums of its own: for each tap (inputs, outputs), then the bias's.
  const int64_t parts = std::min<int64_t>(blocks.count, threads.count), sums = count * size + outputs;
  std::vector<float> totals(parts * sums);
  const auto add_block = [&](int64_t block, const float* copied_x, const float* copied_dy, float* total) {
    const int64_t rows = blocks.Rows(block);
    for (int64_t t = 0; t < count; ++t) {
      const Tap& tap = taps[t];
      for (int64_t i = 0; i < of_x.tiles; ++i) {
        for (int64_t o = 0; o < of_dy.tiles; ++o) {
          float* target = total + t * size + i * kInputTile * outputs + o * kOutputTile;
          for (int64_t n = 0; n < blocks.Pictures(block); ++n) {
            AddOuterProducts(copied_x + of_x.At(i, n, 0) + Offset(of_x, tap.row, tap.column), of_x.Row(),
                             copied_dy + tap.phase * of_dy.Size() + of_dy.At(o, n, 0), of_dy.Row(), rows,
                             shape.width, target, outputs);
          }
        }
      }
    }
    for (int64_t phase = 0; phase < phases; ++phase) {
      for (int64_t o = 0; o < of_dy.tiles; ++o) {
        for (int64_t n = 0; n < blocks.Pictures(block); ++n) {
          AddPixels(copied_dy + phase * of_dy.Size() + of_dy.At(o, n, 0), rows * shape.width,
                    total + count * size + o * kOutputTile);
        }
      }
    }
  };
  const int64_t cost = Cost(blocks, count, inputs, outputs) * ((blocks.count - 1) / parts + 1);
  threads.run(parts, cost, [&](int64_t begin, int64_t end) {
    const auto copied_x = Scratch(of_x.Size()), copied_dy = Scratch(phases * of_dy.Size());
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

}  // namespace fdm
