// What the loops of our operations are made of. They are written so that the compiler makes vector code of
// them.
#ifndef FDM_NUMBERS_H_
#define FDM_NUMBERS_H_

#include <cstdint>
#include <cstring>

// Makes a version of a function for each of these instruction sets; the processor's is chosen when the
// addon is loaded.
#if !defined(__x86_64__) || defined(__clang__)
#define FDM_VECTORISED
#elif __GNUC__ >= 12
#define FDM_VECTORISED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FDM_VECTORISED __attribute__((target_clones("avx512f", "avx2", "default")))
#endif
// Inlined into each version of a function, and so compiled for that version's instruction set.
#define FDM_INLINE inline __attribute__((always_inline))

namespace fdm {

// Those of a bfloat16, the upper half of a float.
using Bits = uint16_t;
// Two of them, the first one in the lower half: such are multiplied and added up at once.
using Pair = uint32_t;

template <typename To, typename From>
FDM_INLINE To BitCast(From from) {
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}

FDM_INLINE float Load(float value) { return value; }
FDM_INLINE float Load(Bits value) { return BitCast<float>(static_cast<uint32_t>(value) << 16); }

FDM_INLINE void Store(float value, float* to) { *to = value; }
FDM_INLINE void Store(float value, Bits* to) {
  const uint32_t bits = BitCast<uint32_t>(value);
  const uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;  // to nearest, ties to even
  *to = static_cast<Bits>(value != value ? 0x7fc0 : rounded);
}

// e^x to 2 units in the last place: x = n ln 2 + r, and a polynomial in r (that of Cephes' expf). 0 where
// the result would be denormal.
FDM_INLINE float Exp(float exponent) {
  float x = exponent < -87.0f ? -87.0f : exponent;
  x = x > 88.0f ? 88.0f : x;
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it leaves the nearest integer in the low bits
  const float shifted = x * 1.44269504f + kRound;
  const float n = shifted - kRound;
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const float e = p * r * r + r + 1.0f;
  const float result = e * BitCast<float>((BitCast<uint32_t>(shifted) + 127) << 23);
  return exponent < -87.0f ? 0.0f : result;
}

}  // namespace fdm

#endif  // FDM_NUMBERS_H_
