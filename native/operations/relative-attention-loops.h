// Attention among the frames of some places at once, for one head. The places are the lanes of vectors, so
// that short videos and few features make as good use of them as others. A lane without a place is zero.
//
// Numbers of places are (frames, features, lanes), those of pairs of frames (padded, padded, lanes), t first.
#ifndef FDM_RELATIVE_ATTENTION_LOOPS_H_
#define FDM_RELATIVE_ATTENTION_LOOPS_H_

#include "small-matrix.h"

namespace fdm {

constexpr int64_t kLanes = kWidth;

struct FramesAndFeatures {
  // `padded` frames are a multiple of kRows.
  int64_t frames, padded, features;

  int64_t Places() const { return frames * features * kLanes; }
  int64_t Pairs() const { return padded * padded * kLanes; }
  int64_t PairAt(int64_t t, int64_t s) const { return (t * padded + s) * kLanes; }
  int64_t At(int64_t t, int64_t f) const { return (t * features + f) * kLanes; }
};

// Relative vectors, (frames, frames, features), without lanes: they are the same at every place.
struct RelativeVectors {
  const float *q, *k, *v;
};

// Two vectors: one number for every lane.
struct Lanes {
  Vector low, high;
};

FDM_INLINE Lanes LoadLanes(const float* from) { return {LoadVector(from), LoadVector(from + kVectorLength)}; }

FDM_INLINE void StoreLanes(const Lanes& lanes, float* to) {
  StoreVector(lanes.low, to);
  StoreVector(lanes.high, to + kVectorLength);
}

FDM_INLINE void Add(const Lanes& a, const Lanes& b, Lanes* sum) {
  sum->low += a.low * b.low;
  sum->high += a.high * b.high;
}

FDM_INLINE void Add(const Lanes& a, float b, Lanes* sum) {
  sum->low += a.low * b;
  sum->high += a.high * b;
}

FDM_INLINE Lanes Plus(const Lanes& a, float b) { return {a.low + b, a.high + b}; }

// The softmax of a row over its first `frames` entries, lane by lane, in place.
FDM_INLINE void SoftmaxOverFrames(int64_t frames, float* row) {
  float largest[kLanes], sum[kLanes] = {};
  std::memcpy(largest, row, sizeof largest);
  for (int64_t s = 1; s < frames; ++s) {
    const float* logits = row + s * kLanes;
    for (int64_t i = 0; i < kLanes; ++i) largest[i] = logits[i] > largest[i] ? logits[i] : largest[i];
  }
  for (int64_t s = 0; s < frames; ++s) {
    float* weights = row + s * kLanes;
    for (int64_t i = 0; i < kLanes; ++i) {
      weights[i] = Exp(weights[i] - largest[i]);
      sum[i] += weights[i];
    }
  }
  for (int64_t i = 0; i < kLanes; ++i) sum[i] = 1 / sum[i];
  for (int64_t s = 0; s < frames; ++s) {
    for (int64_t i = 0; i < kLanes; ++i) row[s * kLanes + i] *= sum[i];
  }
}

// `scale` is 1 / sqrt(features).
FDM_INLINE void RelativeWeights(const FramesAndFeatures& n, float scale, const RelativeVectors& relative,
                                const float* bias, const float* q, const float* k, float* weights) {
  for (int64_t t = 0; t < n.frames; ++t) {
    for (int64_t s = 0; s < n.frames; ++s) {
      const float* key = relative.k + (t * n.frames + s) * n.features;
      const float* query = relative.q + (s * n.frames + t) * n.features;
      Lanes of_query = {}, of_key = {};
      for (int64_t f = 0; f < n.features; ++f) {
        const Lanes k_s = LoadLanes(k + n.At(s, f));
        Add(LoadLanes(q + n.At(t, f)), Plus(k_s, key[f]), &of_query);
        Add(k_s, query[f], &of_key);
      }
      const Lanes logits{(of_query.low + of_key.low) * scale, (of_query.high + of_key.high) * scale};
      StoreLanes(Plus(logits, bias[t * n.frames + s]), weights + n.PairAt(t, s));
    }
    SoftmaxOverFrames(n.frames, weights + n.PairAt(t, 0));
  }
}

// to_t = sum over s of pairs[t, s] (x_s + relative[t, s])
FDM_INLINE void SumOverSources(const FramesAndFeatures& n, const float* pairs, const float* x,
                               const float* relative, float* to) {
  for (int64_t t = 0; t < n.frames; ++t) {
    for (int64_t f = 0; f < n.features; ++f) {
      Lanes sum = {};
      for (int64_t s = 0; s < n.frames; ++s) {
        const float vector = relative[(t * n.frames + s) * n.features + f];
        Add(LoadLanes(pairs + n.PairAt(t, s)), Plus(LoadLanes(x + n.At(s, f)), vector), &sum);
      }
      StoreLanes(sum, to + n.At(t, f));
    }
  }
}

// to_s = sum over t of pairs[t, s] (x_t + relative[s, t]); without `relative` it counts as zero.
template <bool has_relative>
FDM_INLINE void SumOverTargets(const FramesAndFeatures& n, const float* pairs, const float* x,
                               const float* relative, float* to) {
  for (int64_t s = 0; s < n.frames; ++s) {
    for (int64_t f = 0; f < n.features; ++f) {
      Lanes sum = {};
      for (int64_t t = 0; t < n.frames; ++t) {
        const float vector = has_relative ? relative[(s * n.frames + t) * n.features + f] : 0;
        Add(LoadLanes(pairs + n.PairAt(t, s)), Plus(LoadLanes(x + n.At(t, f)), vector), &sum);
      }
      StoreLanes(sum, to + n.At(s, f));
    }
  }
}

// The gradient of the logits, times `scale`: weights (dweights - mean of dweights) with dweights[t, s] =
// dy_t . (v_s + V[t, s]).
FDM_INLINE void LogitGradients(const FramesAndFeatures& n, float scale, const float* relative_v,
                               const float* weights, const float* v, const float* dy, float* dlogits) {
  for (int64_t t = 0; t < n.frames; ++t) {
    Lanes mean = {};
    for (int64_t s = 0; s < n.frames; ++s) {
      const float* vector = relative_v + (t * n.frames + s) * n.features;
      Lanes sum = {};
      for (int64_t f = 0; f < n.features; ++f) {
        Add(LoadLanes(dy + n.At(t, f)), Plus(LoadLanes(v + n.At(s, f)), vector[f]), &sum);
      }
      Add(LoadLanes(weights + n.PairAt(t, s)), sum, &mean);
      StoreLanes(sum, dlogits + n.PairAt(t, s));
    }
    for (int64_t s = 0; s < n.frames; ++s) {
      const Lanes weight = LoadLanes(weights + n.PairAt(t, s)), sum = LoadLanes(dlogits + n.PairAt(t, s));
      StoreLanes({weight.low * (sum.low - mean.low) * scale, weight.high * (sum.high - mean.high) * scale},
                 dlogits + n.PairAt(t, s));
    }
  }
}

}  // namespace fdm

#endif  // FDM_RELATIVE_ATTENTION_LOOPS_H_
