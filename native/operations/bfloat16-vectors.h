// Vectors of sixteen numbers on processors with AVX512-BF16: bfloat16 in memory, float32 in registers.
// FDM_HAS_BFLOAT16_VECTORS says whether the compiler can make code for such; functions that use them are
// marked FDM_AVX512_BF16, and called only where HasBfloat16Vectors().
#ifndef FDM_BFLOAT16_VECTORS_H_
#define FDM_BFLOAT16_VECTORS_H_

#include "numbers.h"

#if defined(__x86_64__) && (defined(__clang__) || __GNUC__ >= 10)
#define FDM_HAS_BFLOAT16_VECTORS
#endif

#ifdef FDM_HAS_BFLOAT16_VECTORS
#include <immintrin.h>

#define FDM_AVX512_BF16 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma")))

namespace fdm {

constexpr int64_t kLanes = 16;

inline bool HasBfloat16Vectors() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512bf16");
}

FDM_AVX512_BF16 FDM_INLINE __m512 LoadWidened(const Bits* from) {
  const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
}

// To nearest, ties to even.
FDM_AVX512_BF16 FDM_INLINE void StoreRounded(__m512 vector, Bits* to) {
  const __m256bh rounded = _mm512_cvtneps_pbh(vector);
  std::memcpy(to, &rounded, sizeof rounded);
}

// The first `count` numbers, 16 at most.
FDM_AVX512_BF16 FDM_INLINE void StoreFirst(int64_t count, __m512 vector, Bits* to) {
  const __m256bh rounded = _mm512_cvtneps_pbh(vector);
  __m256i bits;
  std::memcpy(&bits, &rounded, sizeof bits);
  _mm256_mask_storeu_epi16(to, static_cast<__mmask16>((1u << count) - 1), bits);
}

FDM_AVX512_BF16 FDM_INLINE __m512bh LoadPairs(const Pair* from) {
  __m512bh vector;
  std::memcpy(&vector, from, sizeof vector);
  return vector;
}

FDM_AVX512_BF16 FDM_INLINE __m512bh SpreadPair(Pair pair) {
  const __m512i spread = _mm512_set1_epi32(static_cast<int>(pair));
  __m512bh vector;
  std::memcpy(&vector, &spread, sizeof vector);
  return vector;
}

// 2^x to 2^-18 of it: of x = n + r with r in [0, 1) a polynomial in r, whose largest error is the least, and n
// as the exponent.
FDM_AVX512_BF16 FDM_INLINE __m512 RoughPowerOf2(__m512 x) {
  constexpr int kDown = 1;
  const __m512 r = _mm512_reduce_ps(x, kDown);
  __m512 p = _mm512_set1_ps(1.35341685e-2f);
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(5.20114631e-2f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(2.41442752e-1f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(6.93003836e-1f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.00000259f));
  return _mm512_scalef_ps(p, x);
}

}  // namespace fdm

#endif  // FDM_HAS_BFLOAT16_VECTORS

#endif  // FDM_BFLOAT16_VECTORS_H_
