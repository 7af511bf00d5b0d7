// Where the heads of attention are in its tensors. This file knows nothing of TensorFlow.
#ifndef FDM_ATTENTION_VIEWS_H_
#define FDM_ATTENTION_VIEWS_H_

#include "attention.h"

namespace fdm {

// One head's part of a tensor: `stride` from token to token.
template <typename T>
struct HeadView {
  T* start;
  int64_t stride;
};

// Those of one head, `unit` of all rows' heads, in a tensor of queries, keys and values.
template <typename T>
struct Views {
  HeadView<T> q, k, v;

  Views(const AttentionShape& shape, T* qkv, int64_t unit) {
    const int64_t channels = shape.Channels(), stride = 3 * channels;
    T* start = qkv + unit / shape.heads * shape.length * stride + unit % shape.heads * shape.size;
    q = {start, stride};
    k = {start + channels, stride};
    v = {start + 2 * channels, stride};
  }
};

template <typename T>
HeadView<T> ViewOf(const AttentionShape& shape, T* y, int64_t unit) {
  const int64_t stride = shape.Channels();
  return {y + unit / shape.heads * shape.length * stride + unit % shape.heads * shape.size, stride};
}

}  // namespace fdm

#endif  // FDM_ATTENTION_VIEWS_H_
