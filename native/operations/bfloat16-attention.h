// A head of attention in bfloat16 on processors with AVX512-BF16, whose products take two numbers at once.
// Logits, softmax and sums are in float32; the softmax's weights and the gradients of logits are rounded to
// bfloat16 where products take them. This file knows nothing of TensorFlow.
#ifndef FDM_BFLOAT16_ATTENTION_H_
#define FDM_BFLOAT16_ATTENTION_H_

#include "attention.h"
#include "numbers.h"

namespace fdm {

// Of head `unit` as Attention<Bits> has it. `scratch` is space for ScratchSize() numbers, all zero before the
// first head.
struct Bfloat16Attention {
  static bool IsSupported(const AttentionShape& shape);
  static int64_t ScratchSize(const AttentionShape& shape);

  static void Forward(const AttentionShape& shape, int64_t unit, const Bits* qkv, Bits* y, float* scale,
                      float* scratch);
  static void Backward(const AttentionShape& shape, int64_t unit, const Bits* dy, const Bits* qkv,
                       const float* scale, Bits* dqkv, float* scratch);
};

}  // namespace fdm

#endif  // FDM_BFLOAT16_ATTENTION_H_
