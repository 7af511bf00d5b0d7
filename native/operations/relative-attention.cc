#include "relative-attention.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "relative-attention-loops.h"

namespace fdm {
namespace {

// How the work is divided: each unit is a run of places of one head of one video.
struct Division {
  RelativeAttentionShape shape;
  int64_t parts, blocks;

  // More parts than heads of videos where there are more threads. Places go by blocks of kLanes.
  Division(const RelativeAttentionShape& given, int threads) : shape(given) {
    const int64_t total = (shape.places - 1) / kLanes + 1;
    const int64_t wanted = std::min<int64_t>(total, 2 * threads / (shape.batch * shape.heads) + 1);
    blocks = (total - 1) / wanted + 1;
    parts = (total - 1) / blocks + 1;
  }

  int64_t Units() const { return shape.batch * shape.heads * parts; }
  int64_t Video(int64_t unit) const { return unit / parts / shape.heads; }
  int64_t FirstFeature(int64_t unit) const { return unit / parts % shape.heads * shape.size; }
  int64_t FirstPlace(int64_t unit) const { return unit % parts * blocks * kLanes; }
  int64_t LastPlace(int64_t unit) const { return std::min(shape.places, FirstPlace(unit) + blocks * kLanes); }
  int64_t Vectors() const { return shape.frames * shape.frames * shape.size; }
  // Of the frame `t` of `place`, in a tensor that has `width` channels there.
  int64_t Frame(int64_t unit, int64_t place, int64_t t, int64_t width) const {
    return ((Video(unit) * shape.places + place) * shape.frames + t) * width + FirstFeature(unit);
  }
  // Of the pair of frames `pair`, in a tensor of relative vectors.
  int64_t Pair(int64_t unit, int64_t pair) const {
    return (Video(unit) * shape.frames * shape.frames + pair) * shape.Channels() + FirstFeature(unit);
  }
};

// Hands out scratch space.
struct Scratch {
  float* next;

  float* Take(int64_t count) {
    float* taken = next;
    next += count;
    return taken;
  }
};

// Some places of a tensor of (places, frames, width): how far to the next one, and to the next frame.
template <typename T>
struct View {
  T* start;
  int64_t place, frame;
};

template <typename T>
FDM_INLINE View<T> ViewOf(const Division& division, int64_t unit, int64_t place, int64_t width, T* tensor) {
  return {tensor + division.Frame(unit, place, 0, width), division.shape.frames * width, width};
}

template <typename T>
FDM_INLINE void Read(const FramesAndFeatures& n, int64_t count, const View<const T>& from, float* to) {
  for (int64_t t = 0; t < n.frames; ++t) {
    for (int64_t i = 0; i < kLanes; ++i) {
      const T* features = from.start + i * from.place + t * from.frame;
      for (int64_t f = 0; f < n.features; ++f) to[n.At(t, f) + i] = i < count ? Load(features[f]) : 0;
    }
  }
}

template <typename T>
FDM_INLINE void Write(const FramesAndFeatures& n, int64_t count, const float* from, const View<T>& to) {
  for (int64_t t = 0; t < n.frames; ++t) {
    for (int64_t i = 0; i < count; ++i) {
      T* features = to.start + i * to.place + t * to.frame;
      for (int64_t f = 0; f < n.features; ++f) Store(from[n.At(t, f) + i], &features[f]);
    }
  }
}

// Numbers of places with the features last: (frames, lanes, width), zeros behind the last feature.
FDM_INLINE void FeaturesLast(const FramesAndFeatures& n, int64_t width, const float* from, float* to) {
  for (int64_t t = 0; t < n.frames; ++t) {
    for (int64_t i = 0; i < kLanes; ++i) {
      float* features = to + (t * kLanes + i) * width;
      for (int64_t f = 0; f < n.features; ++f) features[f] = from[n.At(t, f) + i];
    }
  }
}

template <typename T>
FDM_INLINE const float* ReadVectors(const Division& division, int64_t unit, const T* from, float* to) {
  const int64_t size = division.shape.size, pairs = division.shape.frames * division.shape.frames;
  for (int64_t pair = 0; pair < pairs; ++pair) {
    const T* vector = from + division.Pair(unit, pair);
    for (int64_t f = 0; f < size; ++f) to[pair * size + f] = Load(vector[f]);
  }
  return to;
}

// Adds, for frames a and b, the sum over lanes of pairs[a, b] x_a to `to` (frames, frames, features); `a` is
// `step` further in `pairs` than the one before, and `b` is `stride`. x has its features last.
FDM_INLINE void AddVectorGradients(const FramesAndFeatures& n, int64_t width, const float* pairs, int64_t step,
                                   int64_t stride, const float* x, float* product, float* to) {
  for (int64_t a = 0; a < n.frames; ++a) {
    for (int64_t b = 0; b < n.frames; b += kRows) {
      Multiply(kLanes, width, pairs + a * step + b * stride, stride, x + a * kLanes * width, product);
      for (int64_t row = 0; row < std::min(kRows, n.frames - b); ++row) {
        float* target = to + (a * n.frames + b + row) * n.features;
        for (int64_t f = 0; f < n.features; ++f) target[f] += product[row * width + f];
      }
    }
  }
}

FramesAndFeatures SizesOf(const RelativeAttentionShape& shape) {
  return {shape.frames, RoundUp(shape.frames, kRows), shape.size};
}

template <typename T>
struct Units {
  using Inputs = typename RelativeAttention<T>::Inputs;

  static int64_t ForwardScratch(const Division& division) {
    const FramesAndFeatures n = SizesOf(division.shape);
    return 3 * division.Vectors() + 4 * n.Places() + n.Pairs();
  }
  static void Forward(const Division& division, int64_t unit, const Inputs& inputs, T* y, float* scratch);

  static int64_t BackwardScratch(const Division& division) {
    const FramesAndFeatures n = SizesOf(division.shape);
    const int64_t width = RoundUp(n.features, kWidth);
    return 3 * division.Vectors() + 5 * n.Places() + 2 * n.Pairs() + (n.frames * kLanes + kRows) * width;
  }
  // `vectors` takes the gradients of Q, K and V, one after the other, of this unit's places.
  static void Backward(const Division& division, int64_t unit, const Inputs& inputs, const T* dy, T* dqkv,
                       float* vectors, float* scratch);
};

template <typename T>
FDM_INLINE RelativeVectors ReadRelative(const Division& division, int64_t unit,
                                        const typename RelativeAttention<T>::Inputs& inputs, Scratch& scratch) {
  return {ReadVectors(division, unit, inputs.relative_q, scratch.Take(division.Vectors())),
          ReadVectors(division, unit, inputs.relative_k, scratch.Take(division.Vectors())),
          ReadVectors(division, unit, inputs.relative_v, scratch.Take(division.Vectors()))};
}

template <typename T>
FDM_INLINE void ForwardUnit(const Division& division, int64_t unit,
                            const typename RelativeAttention<T>::Inputs& inputs, T* y, float* start) {
  const FramesAndFeatures n = SizesOf(division.shape);
  const int64_t channels = division.shape.Channels();
  const float scale = 1 / std::sqrt(static_cast<float>(n.features));
  Scratch scratch{start};
  const RelativeVectors relative = ReadRelative<T>(division, unit, inputs, scratch);
  float *q = scratch.Take(n.Places()), *k = scratch.Take(n.Places()), *v = scratch.Take(n.Places());
  float *sums = scratch.Take(n.Places()), *weights = scratch.Take(n.Pairs());
  const float* bias = inputs.bias + division.Video(unit) * n.frames * n.frames;
  for (int64_t place = division.FirstPlace(unit); place < division.LastPlace(unit); place += kLanes) {
    const int64_t count = std::min(kLanes, division.LastPlace(unit) - place);
    const View<const T> view = ViewOf(division, unit, place, 3 * channels, inputs.qkv);
    Read<T>(n, count, view, q);
    Read<T>(n, count, {view.start + channels, view.place, view.frame}, k);
    Read<T>(n, count, {view.start + 2 * channels, view.place, view.frame}, v);
    RelativeWeights(n, scale, relative, bias, q, k, weights);
    SumOverSources(n, weights, v, relative.v, sums);
    Write(n, count, sums, ViewOf(division, unit, place, channels, y));
  }
}

template <typename T>
FDM_INLINE void BackwardUnit(const Division& division, int64_t unit,
                             const typename RelativeAttention<T>::Inputs& inputs, const T* dy, T* dqkv,
                             float* vectors, float* start) {
  const FramesAndFeatures n = SizesOf(division.shape);
  const int64_t channels = division.shape.Channels(), width = RoundUp(n.features, kWidth);
  const float scale = 1 / std::sqrt(static_cast<float>(n.features));
  Scratch scratch{start};
  const RelativeVectors relative = ReadRelative<T>(division, unit, inputs, scratch);
  float *q = scratch.Take(n.Places()), *k = scratch.Take(n.Places()), *v = scratch.Take(n.Places());
  float *slope = scratch.Take(n.Places()), *sums = scratch.Take(n.Places());
  float *weights = scratch.Take(n.Pairs()), *dlogits = scratch.Take(n.Pairs());
  float *last = scratch.Take(n.frames * kLanes * width), *product = scratch.Take(kRows * width);
  float *dq = vectors, *dk = dq + division.Vectors(), *dv = dk + division.Vectors();
  const float* bias = inputs.bias + division.Video(unit) * n.frames * n.frames;
  const int64_t row = n.PairAt(1, 0), column = n.PairAt(0, 1);
  for (int64_t place = division.FirstPlace(unit); place < division.LastPlace(unit); place += kLanes) {
    const int64_t count = std::min(kLanes, division.LastPlace(unit) - place);
    const View<const T> view = ViewOf(division, unit, place, 3 * channels, inputs.qkv);
    Read<T>(n, count, view, q);
    Read<T>(n, count, {view.start + channels, view.place, view.frame}, k);
    Read<T>(n, count, {view.start + 2 * channels, view.place, view.frame}, v);
    Read<T>(n, count, ViewOf(division, unit, place, channels, dy), slope);
    RelativeWeights(n, scale, relative, bias, q, k, weights);
    LogitGradients(n, scale, relative.v, weights, v, slope, dlogits);

    const View<T> to = ViewOf(division, unit, place, 3 * channels, dqkv);
    SumOverSources(n, dlogits, k, relative.k, sums);
    Write<T>(n, count, sums, to);
    SumOverTargets<true>(n, dlogits, q, relative.q, sums);
    Write<T>(n, count, sums, {to.start + channels, to.place, to.frame});
    SumOverTargets<false>(n, weights, slope, nullptr, sums);
    Write<T>(n, count, sums, {to.start + 2 * channels, to.place, to.frame});

    FeaturesLast(n, width, k, last);
    AddVectorGradients(n, width, dlogits, column, row, last, product, dq);
    FeaturesLast(n, width, q, last);
    AddVectorGradients(n, width, dlogits, row, column, last, product, dk);
    FeaturesLast(n, width, slope, last);
    AddVectorGradients(n, width, weights, row, column, last, product, dv);
  }
}

template <typename T>
FDM_VECTORISED void Units<T>::Forward(const Division& division, int64_t unit, const Inputs& inputs, T* y,
                                      float* scratch) {
  ForwardUnit<T>(division, unit, inputs, y, scratch);
}

template <typename T>
FDM_VECTORISED void Units<T>::Backward(const Division& division, int64_t unit, const Inputs& inputs,
                                       const T* dy, T* dqkv, float* vectors, float* scratch) {
  BackwardUnit<T>(division, unit, inputs, dy, dqkv, vectors, scratch);
}

// Calls work(unit, scratch) for every unit, with cleared scratch space; `products` is how many products of
// frames, frames and features there are at a place.
template <typename Work>
void ForEachUnit(const Threads& threads, const Division& division, int64_t products, int64_t size,
                 const Work& work) {
  const int64_t cost = products * division.Vectors() * division.blocks * kLanes / 4;
  threads.run(division.Units(), cost, [&](int64_t begin, int64_t end) {
    std::vector<float> scratch(size);
    for (int64_t unit = begin; unit < end; ++unit) work(unit, scratch.data());
  });
}

}  // namespace

template <typename T>
void RelativeAttention<T>::Forward(const Threads& threads, const RelativeAttentionShape& shape,
                                   const Inputs& inputs, T* y) {
  const Division division(shape, threads.count);
  const int64_t size = Units<T>::ForwardScratch(division);
  ForEachUnit(threads, division, 4, size, [&](int64_t unit, float* scratch) {
    Units<T>::Forward(division, unit, inputs, y, scratch);
  });
}

template <typename T>
void RelativeAttention<T>::Backward(const Threads& threads, const RelativeAttentionShape& shape,
                                    const Inputs& inputs, const T* dy, const Gradients& gradients) {
  const Division division(shape, threads.count);
  const int64_t size = Units<T>::BackwardScratch(division), count = division.Vectors();
  std::vector<float> vectors(division.Units() * 3 * count);
  ForEachUnit(threads, division, 12, size, [&](int64_t unit, float* scratch) {
    Units<T>::Backward(division, unit, inputs, dy, gradients.qkv, vectors.data() + unit * 3 * count, scratch);
  });
  // The sums over the places of all parts.
  T* const results[] = {gradients.relative_q, gradients.relative_k, gradients.relative_v};
  for (int64_t unit = 0; unit < division.Units(); unit += division.parts) {
    float* sums = vectors.data() + unit * 3 * count;
    for (int64_t part = 1; part < division.parts; ++part) {
      for (int64_t i = 0; i < 3 * count; ++i) sums[i] += sums[part * 3 * count + i];
    }
    for (T* result : results) {
      for (int64_t i = 0; i < count; ++i) {
        Store(sums[i], &result[division.Pair(unit, i / shape.size) + i % shape.size]);
      }
      sums += count;
    }
  }
}

template struct RelativeAttention<float>;
template struct RelativeAttention<Bits>;

}  // namespace fdm
