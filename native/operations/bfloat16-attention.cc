#include "bfloat16-attention.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "attention-views.h"
#include "bfloat16-vectors.h"

#ifdef FDM_HAS_BFLOAT16_VECTORS

namespace fdm {
namespace {

// Queries whose products are taken at once: with two vectors each as many sums as fit the registers.
constexpr int64_t kQueries = 8;
// Far below any logit.
constexpr float kNothing = -1e30f;
constexpr float kLog2OfE = 1.44269504f;

int64_t RoundUp(int64_t count, int64_t unit) { return (count + unit - 1) / unit * unit; }

// The sizes of one head's matrices, padded with zeros. `words` are pairs of features.
struct HeadSize {
  int64_t length, size, tokens, features, words;

  explicit HeadSize(const AttentionShape& shape)
      : length(shape.length),
        size(shape.size),
        tokens(RoundUp(shape.length, 2 * kLanes)),
        features(RoundUp(shape.size, kLanes)),
        words(shape.size / 2) {}

  float Factor() const { return 1 / std::sqrt(static_cast<float>(size)); }
};

// Hands out parts of scratch space, always the same ones.
struct Space {
  float* next;

  float* Floats(int64_t count) { return std::exchange(next, next + count); }
  Pair* Pairs(int64_t count) { return reinterpret_cast<Pair*>(Floats(count)); }
};

// Pairs of features: (tokens, words).
void PairFeatures(const HeadSize& head, HeadView<const Bits> from, Pair* to) {
  for (int64_t t = 0; t < head.length; ++t) {
    std::memcpy(to + t * head.words, from.start + t * from.stride, head.words * sizeof(Pair));
  }
}

// The same transposed: (words, tokens).
void TransposeFeatures(const HeadSize& head, HeadView<const Bits> from, Pair* to) {
  for (int64_t t = 0; t < head.length; ++t) {
    for (int64_t w = 0; w < head.words; ++w) {
      std::memcpy(to + w * head.tokens + t, from.start + t * from.stride + 2 * w, sizeof(Pair));
    }
  }
}

FDM_AVX512_BF16 FDM_INLINE void PairRows(const Bits* first, const Bits* second, int64_t count, Pair* to) {
  for (int64_t i = 0; i < count; ++i) to[i] = first[i] | static_cast<Pair>(second[i]) << 16;
}

// Pairs of tokens: (tokens / 2, features).
FDM_AVX512_BF16 void PairTokens(const HeadSize& head, HeadView<const Bits> from, Pair* to) {
  for (int64_t t = 0; t < head.length; t += 2) {
    const Bits* row = from.start + t * from.stride;
    Pair* target = to + t / 2 * head.features;
    if (t + 1 < head.length) {
      PairRows(row, row + from.stride, head.size, target);
    } else {
      std::copy_n(row, head.size, target);
    }
  }
}

template <int vectors>
FDM_AVX512_BF16 FDM_INLINE void MultiplyTile(int64_t inner, const Pair* a, const Pair* b, int64_t columns,
                                             float* to) {
  __m512 sums[kQueries][vectors] = {};
  for (int64_t k = 0; k < inner; ++k) {
    __m512bh right[vectors];
    for (int v = 0; v < vectors; ++v) right[v] = LoadPairs(b + k * columns + v * kLanes);
#pragma GCC unroll 8
    for (int64_t i = 0; i < kQueries; ++i) {
      const __m512bh left = SpreadPair(a[i * inner + k]);
      for (int v = 0; v < vectors; ++v) sums[i][v] = _mm512_dpbf16_ps(sums[i][v], left, right[v]);
    }
  }
#pragma GCC unroll 8
  for (int64_t i = 0; i < kQueries; ++i) {
    for (int v = 0; v < vectors; ++v) _mm512_storeu_ps(to + i * columns + v * kLanes, sums[i][v]);
  }
}

// to (kQueries, columns) = a (kQueries, inner pairs) times b (inner pairs, columns)
FDM_AVX512_BF16 void Multiply(int64_t inner, int64_t columns, const Pair* a, const Pair* b, float* to) {
  int64_t j = 0;
  for (; j + 2 * kLanes <= columns; j += 2 * kLanes) MultiplyTile<2>(inner, a, b + j, columns, to + j);
  if (j < columns) MultiplyTile<1>(inner, a, b + j, columns, to + j);
}

// to (count, columns) += a^T b, where a is (kQueries / 2 pairs, stride) and b (kQueries / 2 pairs, columns)
FDM_AVX512_BF16 void AddTransposedProduct(int64_t count, int64_t columns, const Pair* a, int64_t stride,
                                          const Pair* b, float* to) {
  constexpr int64_t kPairs = kQueries / 2;
  for (int64_t j = 0; j < columns; j += kLanes) {
    __m512bh right[kPairs];
    for (int64_t i = 0; i < kPairs; ++i) right[i] = LoadPairs(b + i * columns + j);
    for (int64_t row = 0; row < count; ++row) {
      float* target = to + row * columns + j;
      __m512 sum = _mm512_loadu_ps(target);
      for (int64_t i = 0; i < kPairs; ++i) {
        sum = _mm512_dpbf16_ps(sum, SpreadPair(a[i * stride + row]), right[i]);
      }
      _mm512_storeu_ps(target, sum);
    }
  }
}

// Of kQueries rows of numbers those of two rows each: (kQueries / 2, tokens).
FDM_AVX512_BF16 void PairQueries(int64_t tokens, const Pair* rows, Pair* to) {
  const Bits* row = reinterpret_cast<const Bits*>(rows);
  for (int64_t i = 0; i < kQueries; i += 2) {
    PairRows(row + i * tokens, row + (i + 1) * tokens, tokens, to + i / 2 * tokens);
  }
}

FDM_AVX512_BF16 FDM_INLINE void WriteRow(const HeadSize& head, const float* from, float factor, Bits* to) {
  for (int64_t f = 0; f < head.size; f += kLanes) {
    const __m512 row = _mm512_mul_ps(_mm512_loadu_ps(from + f), _mm512_set1_ps(factor));
    StoreFirst(std::min(kLanes, head.size - f), row, to + f);
  }
}

}  // namespace

bool Bfloat16Attention::IsSupported(const AttentionShape& shape) {
  static const bool has_vectors = HasBfloat16Vectors();
  return has_vectors && shape.size % 2 == 0;
}

int64_t Bfloat16Attention::ScratchSize(const AttentionShape& shape) {
  const HeadSize head(shape);
  // At most eight matrices, those of the backward pass, and a few rows.
  return 8 * head.tokens * head.features + kQueries * (5 * head.tokens + head.features);
}

FDM_AVX512_BF16 void Bfloat16Attention::Forward(const AttentionShape& shape, int64_t unit, const Bits* qkv,
                                                Bits* y, float* scale, float* scratch) {
  const HeadSize head(shape);
  const int64_t tokens = head.tokens, features = head.features;
  Space space{scratch};
  Pair* q = space.Pairs(tokens * head.words);
  Pair* k_transposed = space.Pairs(tokens * head.words);
  Pair* v = space.Pairs(tokens / 2 * features);
  float* logits = space.Floats(kQueries * tokens);
  Pair* weights = space.Pairs(kQueries * tokens / 2);
  float* sums = space.Floats(kQueries * features);
  const Views<const Bits> views(shape, qkv, unit);
  PairFeatures(head, views.q, q);
  TransposeFeatures(head, views.k, k_transposed);
  PairTokens(head, views.v, v);
  const HeadView<Bits> to = ViewOf(shape, y, unit);
  const __m512 factor = _mm512_set1_ps(head.Factor() * kLog2OfE);
  for (int64_t begin = 0; begin < head.length; begin += kQueries) {
    Multiply(head.words, tokens, q + begin * head.words, k_transposed, logits);
    float inverse[kQueries];
    for (int64_t i = 0; i < kQueries; ++i) {
      float* row = logits + i * tokens;
      Bits* rounded = reinterpret_cast<Bits*>(weights) + i * tokens;
      std::fill(row + head.length, row + tokens, kNothing);
      __m512 most = _mm512_loadu_ps(row);
      for (int64_t t = kLanes; t < tokens; t += kLanes) most = _mm512_max_ps(most, _mm512_loadu_ps(row + t));
      const float largest = _mm512_reduce_max_ps(most);
      const __m512 shift = _mm512_mul_ps(_mm512_set1_ps(largest), factor);
      __m512 sum = _mm512_setzero_ps();
      for (int64_t t = 0; t < tokens; t += kLanes) {
        const __m512 p = RoughPowerOf2(_mm512_fmsub_ps(_mm512_loadu_ps(row + t), factor, shift));
        sum = _mm512_add_ps(sum, p);
        StoreRounded(p, rounded + t);
      }
      inverse[i] = 1 / _mm512_reduce_add_ps(sum);
      if (begin + i < head.length) {
        float* kept = scale + 2 * (unit * head.length + begin + i);
        kept[0] = largest * head.Factor();
        kept[1] = inverse[i];
      }
    }
    Multiply(tokens / 2, features, weights, v, sums);
    for (int64_t i = 0; i < std::min(kQueries, head.length - begin); ++i) {
      WriteRow(head, sums + i * features, inverse[i], to.start + (begin + i) * to.stride);
    }
  }
}

// With weights P and dP = dy v^T: dv = P^T dy, dlogits = P (dP - rowsum(P dP)), dq = dlogits k,
// dk = dlogits^T q.
FDM_AVX512_BF16 void Bfloat16Attention::Backward(const AttentionShape& shape, int64_t unit, const Bits* dy,
                                                 const Bits* qkv, const float* scale, Bits* dqkv,
                                                 float* scratch) {
  const HeadSize head(shape);
  const int64_t tokens = head.tokens, features = head.features;
  Space space{scratch};
  Pair *q = space.Pairs(tokens * head.words), *slope = space.Pairs(tokens * head.words);
  Pair *k_transposed = space.Pairs(tokens * head.words), *v_transposed = space.Pairs(tokens * head.words);
  Pair *q_pairs = space.Pairs(tokens / 2 * features), *k_pairs = space.Pairs(tokens / 2 * features);
  Pair* slope_pairs = space.Pairs(tokens / 2 * features);
  float *dk = space.Floats(tokens * features), *dv = space.Floats(tokens * features);
  float *weights = space.Floats(kQueries * tokens), *dweights = space.Floats(kQueries * tokens);
  float* dq = space.Floats(kQueries * features);
  Pair *rounded = space.Pairs(kQueries * tokens / 2), *drounded = space.Pairs(kQueries * tokens / 2);
  Pair* row_pairs = space.Pairs(kQueries * tokens / 2);
  const Views<const Bits> views(shape, qkv, unit);
  const HeadView<const Bits> slopes = ViewOf(shape, dy, unit);
  PairFeatures(head, views.q, q);
  PairFeatures(head, slopes, slope);
  TransposeFeatures(head, views.k, k_transposed);
  TransposeFeatures(head, views.v, v_transposed);
  PairTokens(head, views.q, q_pairs);
  PairTokens(head, views.k, k_pairs);
  PairTokens(head, slopes, slope_pairs);
  std::fill_n(dk, tokens * features, 0.0f);
  std::fill_n(dv, tokens * features, 0.0f);
  const Views<Bits> gradients(shape, dqkv, unit);
  const __m512 factor = _mm512_set1_ps(head.Factor() * kLog2OfE);
  for (int64_t begin = 0; begin < head.length; begin += kQueries) {
    const int64_t rows = std::min(kQueries, head.length - begin);
    Multiply(head.words, tokens, q + begin * head.words, k_transposed, weights);
    Multiply(head.words, tokens, slope + begin * head.words, v_transposed, dweights);
    for (int64_t i = 0; i < kQueries; ++i) {
      float *p = weights + i * tokens, *dp = dweights + i * tokens;
      std::fill(p + head.length, p + tokens, kNothing);
      const float* kept = scale + 2 * (unit * head.length + begin + std::min(i, rows - 1));
      // Rows past the last token have no weights.
      const __m512 shift = _mm512_set1_ps(i < rows ? kept[0] * kLog2OfE : -kNothing);
      __m512 mean = _mm512_setzero_ps();
      for (int64_t t = 0; t < tokens; t += kLanes) {
        const __m512 power = RoughPowerOf2(_mm512_fmsub_ps(_mm512_loadu_ps(p + t), factor, shift));
        const __m512 weight = _mm512_mul_ps(power, _mm512_set1_ps(kept[1]));
        mean = _mm512_fmadd_ps(weight, _mm512_loadu_ps(dp + t), mean);
        _mm512_storeu_ps(p + t, weight);
      }
      const __m512 all = _mm512_set1_ps(_mm512_reduce_add_ps(mean));
      for (int64_t t = 0; t < tokens; t += kLanes) {
        const __m512 weight = _mm512_loadu_ps(p + t);
        const __m512 difference = _mm512_sub_ps(_mm512_loadu_ps(dp + t), all);
        StoreRounded(weight, reinterpret_cast<Bits*>(rounded) + i * tokens + t);
        StoreRounded(_mm512_mul_ps(weight, difference), reinterpret_cast<Bits*>(drounded) + i * tokens + t);
      }
    }
    Multiply(tokens / 2, features, drounded, k_pairs, dq);
    for (int64_t i = 0; i < rows; ++i) {
      WriteRow(head, dq + i * features, head.Factor(), gradients.q.start + (begin + i) * gradients.q.stride);
    }
    PairQueries(tokens, rounded, row_pairs);
    AddTransposedProduct(head.length, features, row_pairs, tokens, slope_pairs + begin / 2 * features, dv);
    PairQueries(tokens, drounded, row_pairs);
    AddTransposedProduct(head.length, features, row_pairs, tokens, q_pairs + begin / 2 * features, dk);
  }
  for (int64_t t = 0; t < head.length; ++t) {
    WriteRow(head, dk + t * features, head.Factor(), gradients.k.start + t * gradients.k.stride);
    WriteRow(head, dv + t * features, 1, gradients.v.start + t * gradients.v.stride);
  }
}

}  // namespace fdm

#else

namespace fdm {

bool Bfloat16Attention::IsSupported(const AttentionShape&) { return false; }
int64_t Bfloat16Attention::ScratchSize(const AttentionShape&) { return 0; }

// Never called then.
void Bfloat16Attention::Forward(const AttentionShape&, int64_t, const Bits*, Bits*, float*, float*) {}
void Bfloat16Attention::Backward(const AttentionShape&, int64_t, const Bits*, const Bits*, const float*, Bits*,
                                 float*) {}

}  // namespace fdm

#endif
