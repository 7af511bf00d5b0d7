// Softmax attention within rows of tokens, and its gradient, a head at a time and without the matrix of
// weights in memory (Dao et al. 2022). This file knows nothing of TensorFlow.
#ifndef FDM_ATTENTION_H_
#define FDM_ATTENTION_H_

#include <cstdint>

#include "threads.h"

namespace fdm {

// `qkv` is (rows, length, 3, heads, size), `y` (rows, length, heads, size).
struct AttentionShape {
  int64_t rows, length, heads, size;

  int64_t Channels() const { return heads * size; }
};

template <typename T>
struct Attention {
  // y = softmax(q k^T / sqrt(size)) v. `scale` (rows, heads, length, 2) is how the softmax's weights come
  // from the logits: e^(logit - first) second.
  static void Forward(const Threads& threads, const AttentionShape& shape, const T* qkv, T* y, float* scale);

  // The gradient of qkv for dy, that of y.
  static void Backward(const Threads& threads, const AttentionShape& shape, const T* dy, const T* qkv,
                       const float* scale, T* dqkv);
};

}  // namespace fdm

#endif  // FDM_ATTENTION_H_
