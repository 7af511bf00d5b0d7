#include "squared-distances.h"

#include <algorithm>
#include <vector>

#include "operations/vectors.h"
#include "own-threads.h"

namespace fdm {
namespace {

// Pairs at a time: what is loaded serves several, and the sums fit the registers of AVX-512. With AVX2, which
// has half as many, other shapes are no faster.
constexpr int64_t kFrom = 5, kAgainst = 4;
// Numbers of each vector at a time, so that those of a few vectors stay in the cache while others pass by.
constexpr int64_t kRun = 4096;

constexpr size_t kUnknown = static_cast<size_t>(-1);

// Adds the distances of kFrom times kAgainst vectors in [begin, end) of their numbers: whole vectors.
FDM_INLINE void AddDistances(int64_t begin, int64_t end, const float* const* from,
                             const float* const* against, double (*to)[kAgainst]) {
  Vector sums[kFrom][kAgainst] = {};
  for (int64_t k = begin; k < end; k += kVectorLength) {
    Vector left[kFrom];
#pragma GCC unroll 5
    for (int64_t i = 0; i < kFrom; ++i) left[i] = LoadVector(from[i] + k);
#pragma GCC unroll 4
    for (int64_t j = 0; j < kAgainst; ++j) {
      const Vector right = LoadVector(against[j] + k);
#pragma GCC unroll 5
      for (int64_t i = 0; i < kFrom; ++i) {
        const Vector difference = left[i] - right;
        sums[i][j] += difference * difference;
      }
    }
  }
  for (int64_t i = 0; i < kFrom; ++i) {
    for (int64_t j = 0; j < kAgainst; ++j) to[i][j] += Sum(sums[i][j]);
  }
}

// The same for some of the vectors; `to` has rows of `stride`.
FDM_VECTORISED void DistancesToSome(int64_t length, int64_t from_count, const float* const* from,
                                    int64_t against_count, const float* const* against, int64_t stride,
                                    double* to) {
  const int64_t whole = length / kVectorLength * kVectorLength;
  for (int64_t i = 0; i < from_count; ++i) std::fill_n(to + i * stride, against_count, 0.0);
  for (int64_t begin = 0; begin < whole; begin += kRun) {
    const int64_t end = std::min(whole, begin + kRun);
    for (int64_t j = 0; j < against_count; j += kAgainst) {
      for (int64_t i = 0; i < from_count; i += kFrom) {
        // The last one stands for those beyond.
        const float *left[kFrom], *right[kAgainst];
        for (int64_t u = 0; u < kFrom; ++u) left[u] = from[std::min(i + u, from_count - 1)];
        for (int64_t v = 0; v < kAgainst; ++v) right[v] = against[std::min(j + v, against_count - 1)];
        double sums[kFrom][kAgainst] = {};
        AddDistances(begin, end, left, right, sums);
        for (int64_t u = 0; u < std::min(kFrom, from_count - i); ++u) {
          for (int64_t v = 0; v < std::min(kAgainst, against_count - j); ++v) {
            to[(i + u) * stride + j + v] += sums[u][v];
          }
        }
      }
    }
  }
  for (int64_t i = 0; i < from_count; ++i) {
    for (int64_t j = 0; j < against_count; ++j) {
      for (int64_t k = whole; k < length; ++k) {
        const double difference = static_cast<double>(from[i][k]) - against[j][k];
        to[i * stride + j] += difference * difference;
      }
    }
  }
}

bool Refuse(napi_env env, const char* message) {
  napi_throw_error(env, nullptr, message);
  return false;
}

// The numbers of the vectors in an array of Float32Arrays of one length.
bool Vectors(napi_env env, napi_value array, std::vector<const float*>* vectors, size_t* length) {
  const char* const expected = "expected an array of Float32Arrays";
  uint32_t count = 0;
  if (napi_get_array_length(env, array, &count) != napi_ok) return Refuse(env, expected);
  for (uint32_t i = 0; i < count; ++i) {
    napi_value element;
    napi_typedarray_type type;
    size_t found = 0;
    void* numbers = nullptr;
    if (napi_get_element(env, array, i, &element) != napi_ok ||
        napi_get_typedarray_info(env, element, &type, &found, &numbers, nullptr, nullptr) != napi_ok ||
        type != napi_float32_array) {
      return Refuse(env, expected);
    }
    if (*length == kUnknown) *length = found;
    if (found != *length) return Refuse(env, "expected vectors of one length");
    vectors->push_back(static_cast<const float*>(numbers));
  }
  return true;
}

// squaredDistances(from, against): Float64Array
napi_value CallSquaredDistances(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  size_t count = 2;
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  std::vector<const float*> from, against;
  size_t length = kUnknown;
  if (!Vectors(env, arguments[0], &from, &length) || !Vectors(env, arguments[1], &against, &length)) {
    return nullptr;
  }
  const size_t pairs = from.size() * against.size();
  void* to = nullptr;
  napi_value buffer, result;
  if (napi_create_arraybuffer(env, pairs * sizeof(double), &to, &buffer) != napi_ok ||
      napi_create_typedarray(env, napi_float64_array, pairs, buffer, 0, &result) != napi_ok) {
    return nullptr;
  }
  if (pairs > 0) {
    SquaredDistances(OwnThreads(), length, from.size(), from.data(), against.size(), against.data(),
                     static_cast<double*>(to));
  }
  return result;
}

}  // namespace

void SquaredDistances(const Threads& threads, int64_t length, int64_t from_count, const float* const* from,
                      int64_t against_count, const float* const* against, double* to) {
  const int64_t blocks = (against_count + kAgainst - 1) / kAgainst;
  const int64_t cost = kAgainst * from_count * length / kVectorLength;
  threads.run(blocks, cost, [&](int64_t begin, int64_t end) {
    const int64_t first = begin * kAgainst, count = std::min(against_count, end * kAgainst) - first;
    DistancesToSome(length, from_count, from, count, against + first, against_count, to + first);
  });
}

bool DefineSquaredDistances(napi_env env, napi_value exports) {
  const napi_property_descriptor function = {
      "squaredDistances", nullptr, CallSquaredDistances, nullptr, nullptr, nullptr, napi_default, nullptr};
  return napi_define_properties(env, exports, 1, &function) == napi_ok;
}

}  // namespace fdm
