// Products of a few rows with a matrix that fits the cache. Columns are padded to a multiple of kWidth, so
// that all of it is whole vectors.
#ifndef FDM_SMALL_MATRIX_H_
#define FDM_SMALL_MATRIX_H_

#include "vectors.h"

namespace fdm {

constexpr int64_t kWidth = 2 * kVectorLength;
// How many rows are multiplied at once. With two vectors each, as many sums as hide the time that an
// addition takes, and no more than there are registers.
constexpr int64_t kRows = 4;

FDM_INLINE int64_t RoundUp(int64_t count, int64_t unit) { return (count + unit - 1) / unit * unit; }

// to (kRows, columns) = a (kRows, of which `inner` columns; `stride` apart) times b (inner, columns)
FDM_INLINE void Multiply(int64_t inner, int64_t columns, const float* a, int64_t stride, const float* b,
                         float* to) {
  for (int64_t j = 0; j < columns; j += kWidth) {
    Vector sums[kRows][2] = {};
    for (int64_t k = 0; k < inner; ++k) {
      const Vector first = LoadVector(b + k * columns + j);
      const Vector second = LoadVector(b + k * columns + j + kVectorLength);
#pragma GCC unroll 4
      for (int64_t i = 0; i < kRows; ++i) {
        sums[i][0] += a[i * stride + k] * first;
        sums[i][1] += a[i * stride + k] * second;
      }
    }
#pragma GCC unroll 4
    for (int64_t i = 0; i < kRows; ++i) {
      StoreVector(sums[i][0], to + i * columns + j);
      StoreVector(sums[i][1], to + i * columns + j + kVectorLength);
    }
  }
}

// to (count, columns) += a^T b, where a is (kRows, of which `count` columns) and b (kRows, columns)
FDM_INLINE void AddTransposedProduct(int64_t count, int64_t columns, const float* a, int64_t stride,
                                     const float* b, float* to) {
  for (int64_t j = 0; j < columns; j += kVectorLength) {
    const Vector right0 = LoadVector(b + j), right1 = LoadVector(b + columns + j);
    const Vector right2 = LoadVector(b + 2 * columns + j), right3 = LoadVector(b + 3 * columns + j);
    for (int64_t i = 0; i < count; ++i) {
      float* target = to + i * columns + j;
      const Vector first = a[i] * right0 + a[stride + i] * right1;
      const Vector second = a[2 * stride + i] * right2 + a[3 * stride + i] * right3;
      StoreVector(LoadVector(target) + (first + second), target);
    }
  }
}

// `count` is a multiple of kVectorLength here and below.
FDM_INLINE float Sum(int64_t count, const float* values) {
  Vector sum = {};
  for (int64_t i = 0; i < count; i += kVectorLength) sum += LoadVector(values + i);
  return Sum(sum);
}

FDM_INLINE float Dot(int64_t count, const float* a, const float* b) {
  Vector sum = {};
  for (int64_t i = 0; i < count; i += kVectorLength) sum += LoadVector(a + i) * LoadVector(b + i);
  return Sum(sum);
}

FDM_INLINE float Largest(int64_t count, const float* values) {
  Vector largest = LoadVector(values);
  for (int64_t i = kVectorLength; i < count; i += kVectorLength) {
    const Vector next = LoadVector(values + i);
    largest = next > largest ? next : largest;
  }
  float result = largest[0];
  for (int64_t i = 1; i < kVectorLength; ++i) result = largest[i] > result ? largest[i] : result;
  return result;
}

}  // namespace fdm

#endif  // FDM_SMALL_MATRIX_H_
