#include "attention.h"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "attention-views.h"
#include "bfloat16-attention.h"
#include "small-matrix.h"

namespace fdm {
namespace {

// Far below any logit.
constexpr float kNothing = -1e30f;

// The sizes of one head's matrices (tokens, features) and (features, tokens): padded with zeros.
struct HeadSize {
  int64_t length, size, tokens, features;

  explicit HeadSize(const AttentionShape& shape)
      : length(shape.length),
        size(shape.size),
        tokens(RoundUp(shape.length, kWidth)),
        features(RoundUp(shape.size, kWidth)) {}

  int64_t Numbers() const { return tokens * features; }
};

template <typename T>
FDM_INLINE void Read(const HeadSize& head, HeadView<const T> from, float factor, float* to) {
  for (int64_t t = 0; t < head.length; ++t) {
    for (int64_t f = 0; f < head.size; ++f) {
      to[t * head.features + f] = factor * Load(from.start[t * from.stride + f]);
    }
  }
}

template <typename T>
FDM_INLINE void Write(const HeadSize& head, int64_t begin, int64_t end, const float* from, float factor,
                      HeadView<T> to) {
  for (int64_t t = begin; t < end; ++t) {
    const float* row = from + (t - begin) * head.features;
    for (int64_t f = 0; f < head.size; ++f) Store(factor * row[f], &to.start[t * to.stride + f]);
  }
}

FDM_INLINE void Transpose(const HeadSize& head, const float* from, float* to) {
  for (int64_t t = 0; t < head.length; ++t) {
    for (int64_t f = 0; f < head.size; ++f) to[f * head.tokens + t] = from[t * head.features + f];
  }
}

// e^(value - shift) in place; 0 where there is no token.
FDM_INLINE void ExpRow(const HeadSize& head, float shift, float* row) {
  for (int64_t t = 0; t < head.tokens; ++t) row[t] = Exp(row[t] - shift);
  for (int64_t t = head.length; t < head.tokens; ++t) row[t] = 0;
}

// Matrices of one head, one after the other in scratch space that was cleared before.
constexpr int64_t kForwardMatrices = 4;
constexpr int64_t kBackwardMatrices = 8;

template <typename T>
FDM_INLINE void ForwardHead(const AttentionShape& shape, int64_t unit, const T* qkv, T* y, float* scale,
                            float* scratch) {
  const HeadSize head(shape);
  const int64_t step = head.Numbers();
  float *q = scratch, *k = q + step, *v = k + step, *k_transposed = v + step, *weights = k_transposed + step;
  float* sums = weights + kRows * head.tokens;
  const Views<const T> views(shape, qkv, unit);
  Read(head, views.q, 1 / std::sqrt(static_cast<float>(shape.size)), q);
  Read(head, views.k, 1, k);
  Read(head, views.v, 1, v);
  Transpose(head, k, k_transposed);
  const HeadView<T> to = ViewOf(shape, y, unit);
  for (int64_t begin = 0; begin < head.length; begin += kRows) {
    const int64_t rows = std::min(kRows, head.length - begin);
    Multiply(head.size, head.tokens, q + begin * head.features, head.features, k_transposed, weights);
    float inverse[kRows];
    for (int64_t i = 0; i < kRows; ++i) {
      float* row = weights + i * head.tokens;
      std::fill(row + head.length, row + head.tokens, kNothing);
      const float largest = Largest(head.tokens, row);
      ExpRow(head, largest, row);
      inverse[i] = 1 / Sum(head.tokens, row);
      if (i < rows) {
        float* kept = scale + 2 * (unit * head.length + begin + i);
        kept[0] = largest;
        kept[1] = inverse[i];
      }
    }
    Multiply(head.length, head.features, weights, head.tokens, v, sums);
    for (int64_t i = 0; i < rows; ++i) {
      Write(head, begin + i, begin + i + 1, sums + i * head.features, inverse[i], to);
    }
  }
}

// With weights P and dP = dy v^T: dv = P^T dy, dlogits = P (dP - rowsum(P dP)), dq = dlogits k,
// dk = dlogits^T q.
template <typename T>
FDM_INLINE void BackwardHead(const AttentionShape& shape, int64_t unit, const T* dy, const T* qkv,
                             const float* scale, T* dqkv, float* scratch) {
  const HeadSize head(shape);
  const int64_t step = head.Numbers(), tokens = head.tokens, features = head.features;
  float *q = scratch, *k = q + step, *v = k + step, *slope = v + step, *k_transposed = slope + step;
  float *v_transposed = k_transposed + step, *dk = v_transposed + step, *dv = dk + step;
  float *weights = dv + step, *dweights = weights + kRows * tokens, *dq = dweights + kRows * tokens;
  const float factor = 1 / std::sqrt(static_cast<float>(shape.size));
  const Views<const T> views(shape, qkv, unit);
  Read(head, views.q, factor, q);
  Read(head, views.k, 1, k);
  Read(head, views.v, 1, v);
  Read(head, ViewOf(shape, dy, unit), 1, slope);
  Transpose(head, k, k_transposed);
  Transpose(head, v, v_transposed);
  std::fill_n(dk, step, 0.0f);
  std::fill_n(dv, step, 0.0f);
  const Views<T> gradients(shape, dqkv, unit);
  for (int64_t begin = 0; begin < head.length; begin += kRows) {
    const int64_t rows = std::min(kRows, head.length - begin);
    // Rows past the last token are zero in q and dy, and so add nothing.
    Multiply(head.size, tokens, q + begin * features, features, k_transposed, weights);
    Multiply(head.size, tokens, slope + begin * features, features, v_transposed, dweights);
    for (int64_t i = 0; i < kRows; ++i) {
      float *p = weights + i * tokens, *dp = dweights + i * tokens;
      const float* kept = scale + 2 * (unit * head.length + begin + std::min(i, rows - 1));
      ExpRow(head, kept[0], p);
      for (int64_t t = 0; t < tokens; ++t) p[t] *= kept[1];
      const float mean = Dot(tokens, p, dp);
      for (int64_t t = 0; t < tokens; ++t) dp[t] = p[t] * (dp[t] - mean);
    }
    Multiply(head.length, features, dweights, tokens, k, dq);
    Write(head, begin, begin + rows, dq, factor, gradients.q);
    AddTransposedProduct(head.length, features, weights, tokens, slope + begin * features, dv);
    AddTransposedProduct(head.length, features, dweights, tokens, q + begin * features, dk);
  }
  Write(head, 0, head.length, dk, 1, gradients.k);
  Write(head, 0, head.length, dv, 1, gradients.v);
}

template <typename T>
struct Versions {
  static void Forward(const AttentionShape& shape, int64_t unit, const T* qkv, T* y, float* scale,
                      float* scratch);
  static void Backward(const AttentionShape& shape, int64_t unit, const T* dy, const T* qkv,
                       const float* scale, T* dqkv, float* scratch);
};

template <typename T>
FDM_VECTORISED void Versions<T>::Forward(const AttentionShape& shape, int64_t unit, const T* qkv, T* y,
                                         float* scale, float* scratch) {
  ForwardHead(shape, unit, qkv, y, scale, scratch);
}

template <typename T>
FDM_VECTORISED void Versions<T>::Backward(const AttentionShape& shape, int64_t unit, const T* dy,
                                          const T* qkv, const float* scale, T* dqkv, float* scratch) {
  BackwardHead(shape, unit, dy, qkv, scale, dqkv, scratch);
}

// Calls work(unit, scratch) for every head of every row; `products` is how many matrix products one takes,
// `numbers` the size of scratch space, which is cleared before the first of them.
template <typename Work>
void ForEachHead(const Threads& threads, const AttentionShape& shape, int64_t products, int64_t numbers,
                 const Work& work) {
  const HeadSize head(shape);
  const int64_t cost = products * head.tokens * head.tokens * head.features / 8;
  threads.run(shape.rows * shape.heads, cost, [&](int64_t begin, int64_t end) {
    std::vector<float> scratch(numbers);
    for (int64_t unit = begin; unit < end; ++unit) work(unit, scratch.data());
  });
}

int64_t ScratchSize(const AttentionShape& shape, int64_t matrices) {
  const HeadSize head(shape);
  return matrices * head.Numbers() + kRows * (2 * head.tokens + head.features);
}

}  // namespace

template <typename T>
void Attention<T>::Forward(const Threads& threads, const AttentionShape& shape, const T* qkv, T* y,
                           float* scale) {
  if constexpr (std::is_same_v<T, Bits>) {
    if (Bfloat16Attention::IsSupported(shape)) {
      const int64_t numbers = Bfloat16Attention::ScratchSize(shape);
      return ForEachHead(threads, shape, 1, numbers, [&](int64_t unit, float* scratch) {
        Bfloat16Attention::Forward(shape, unit, qkv, y, scale, scratch);
      });
    }
  }
  ForEachHead(threads, shape, 2, ScratchSize(shape, kForwardMatrices), [&](int64_t unit, float* scratch) {
    Versions<T>::Forward(shape, unit, qkv, y, scale, scratch);
  });
}

template <typename T>
void Attention<T>::Backward(const Threads& threads, const AttentionShape& shape, const T* dy, const T* qkv,
                            const float* scale, T* dqkv) {
  if constexpr (std::is_same_v<T, Bits>) {
    if (Bfloat16Attention::IsSupported(shape)) {
      const int64_t numbers = Bfloat16Attention::ScratchSize(shape);
      return ForEachHead(threads, shape, 2, numbers, [&](int64_t unit, float* scratch) {
        Bfloat16Attention::Backward(shape, unit, dy, qkv, scale, dqkv, scratch);
      });
    }
  }
  ForEachHead(threads, shape, 5, ScratchSize(shape, kBackwardMatrices), [&](int64_t unit, float* scratch) {
    Versions<T>::Backward(shape, unit, dy, qkv, scale, dqkv, scratch);
  });
}

template struct Attention<float>;
template struct Attention<Bits>;

}  // namespace fdm
