// How convolutions go through pictures: what of a kernel meets which pixels, blocks of pictures that stay in
// the cache, and copies of them for the loops. This file knows nothing of TensorFlow.
#ifndef FDM_CONVOLUTION_LAYOUT_H_
#define FDM_CONVOLUTION_LAYOUT_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "convolution-loops.h"
#include "convolution.h"

namespace fdm {

constexpr int64_t kKernel = 3;
// Pixels around a picture.
constexpr int64_t kMargin = kKernel / 2;

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

inline std::vector<Meeting> MeetingsOf(const ConvolutionShape& shape) {
  if (shape.scale == 1) return {{0, 0, 0, 1}, {1, 0, 1, 2}, {2, 0, 2, 3}};
  // The left one of two equal pixels meets one pixel of its left neighbour and two of itself.
  return {{0, 0, 0, 1}, {1, 0, 1, 3}, {1, 1, 0, 2}, {2, 1, 2, 3}};
}

// Sorted by phase.
inline std::vector<Tap> TapsOf(const ConvolutionShape& shape) {
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

  // `words` is how many the loops take from a place.
  Blocks(const ConvolutionShape& shape, int64_t words, int threads)
      : pictures(shape.pictures), height(shape.height), width(shape.width) {
    constexpr int64_t kCached = 1 << 16;
    // Enough blocks for all threads to be done at about the same time.
    const int64_t shared = (pictures * height - 1) / (4 * threads) + 1;
    const int64_t lines = std::max<int64_t>(1, std::min(shared, kCached / (width * words)));
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

// A copy of a block, as words of the loops, in which channels are divided into tiles: (tiles, pictures, rows,
// columns, channels of a tile), with `margin` pixels on every side, which are zero outside of the picture.
template <typename Word>
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

  void Make(const Blocks& blocks, int64_t block, const Picture<const Word>& from, int64_t phase,
            Word* to) const {
    ForEachRow(blocks, block, from, phase, [&](int64_t t, int64_t n, int64_t r, const Word* source) {
      CopyRow(blocks.width, source, from.Step(), to + At(t, n, r));
    });
  }

  // Calls work(tile, picture, row, source) for each row of the copy, with none as source if it is outside.
  template <typename Work>
  void ForEachRow(const Blocks& blocks, int64_t block, const Picture<const Word>& from, int64_t phase,
                  const Work& work) const {
    for (int64_t n = 0; n < blocks.Pictures(block); ++n) {
      for (int64_t r = 0; r < blocks.Rows(block) + 2 * margin; ++r) {
        const int64_t row = blocks.FirstRow(block) + r - margin;
        const bool is_outside = row < 0 || row >= blocks.height;
        const Word* source = from.At(blocks.FirstPicture(block) + n, is_outside ? 0 : row, 0, phase);
        for (int64_t t = 0; t < tiles; ++t) work(t, n, r, is_outside ? nullptr : source + t * tile);
      }
    }
  }

  // A row of zeros where there is no source.
  void CopyRow(int64_t width, const Word* source, int64_t step, Word* to) const {
    if (!source) {
      std::fill_n(to, Row(), Word());
      return;
    }
    std::fill_n(to, margin * tile, Word());
    Word* pixel = to + margin * tile;
    if (step == tile) {
      std::copy_n(source, width * tile, pixel);
    } else {
      for (int64_t i = 0; i < width; ++i) std::copy_n(source + i * step, tile, pixel + i * tile);
    }
    std::fill_n(pixel + width * tile, margin * tile, Word());
  }
};

// Not cleared.
template <typename Word>
std::unique_ptr<Word[]> Scratch(int64_t size) {
  return std::unique_ptr<Word[]>(new Word[size]);
}

// In cycles, for a block.
inline int64_t Cost(const Blocks& blocks, int64_t taps, int64_t inputs, int64_t outputs) {
  return std::max<int64_t>(1, blocks.whole * blocks.rows * blocks.width * taps * inputs * outputs / 16);
}

}  // namespace fdm

#endif  // FDM_CONVOLUTION_LAYOUT_H_
