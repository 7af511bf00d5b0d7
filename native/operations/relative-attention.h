// Attention among the frames of a video with relative-position vectors (Shaw et al. 2018), at every place of
// the picture by itself, and its gradient. This file knows nothing of TensorFlow.
#ifndef FDM_RELATIVE_ATTENTION_H_
#define FDM_RELATIVE_ATTENTION_H_

#include <cstdint>

#include "threads.h"

namespace fdm {

struct RelativeAttentionShape {
  int64_t batch, places, frames, heads, size;

  int64_t Channels() const { return heads * size; }
};

template <typename T>
struct RelativeAttention {
  // `qkv` is (batch, places, frames, 3, heads, size). The relative vectors Q, K and V of frames t and s are
  // (batch, frames, frames, heads, size), t first. `bias` (batch, frames, frames) says who attends to whom.
  struct Inputs {
    const T *qkv, *relative_q, *relative_k, *relative_v;
    const float* bias;
  };
  // Of what is named alike above.
  struct Gradients {
    T *qkv, *relative_q, *relative_k, *relative_v;
  };

  // With logits[t, s] = (q_t . (k_s + K[t, s]) + k_s . Q[s, t]) / sqrt(size) + bias[t, s], and weights
  // their softmax over s: y_t = sum over s of weights[t, s] (v_s + V[t, s]), (batch, places, frames, heads,
  // size).
  static void Forward(const Threads& threads, const RelativeAttentionShape& shape, const Inputs& inputs, T* y);

  static void Backward(const Threads& threads, const RelativeAttentionShape& shape, const Inputs& inputs,
                       const T* dy, const Gradients& gradients);
};

}  // namespace fdm

#endif  // FDM_RELATIVE_ATTENTION_H_
