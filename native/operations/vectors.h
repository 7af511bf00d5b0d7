// Vectors of the length that the compiler makes the best code of.
#ifndef FDM_VECTORS_H_
#define FDM_VECTORS_H_

#include "numbers.h"

namespace fdm {

// No longer than the processor's own: the compiler makes slow code of longer ones. On x86 that is AVX2, which
// all but the oldest have, provided the compiler can choose when the addon is loaded.
#if defined(__x86_64__) && !defined(__clang__)
constexpr int64_t kVectorLength = 8;
#else
constexpr int64_t kVectorLength = 4;
#endif

typedef float Vector __attribute__((vector_size(kVectorLength * sizeof(float))));

FDM_INLINE Vector LoadVector(const float* from) {
  Vector vector;
  std::memcpy(&vector, from, sizeof vector);
  return vector;
}

FDM_INLINE void StoreVector(const Vector& vector, float* to) { std::memcpy(to, &vector, sizeof vector); }

FDM_INLINE float Sum(const Vector& vector) {
  float sum = 0;
  for (int64_t i = 0; i < kVectorLength; ++i) sum += vector[i];
  return sum;
}

}  // namespace fdm

#endif  // FDM_VECTORS_H_
