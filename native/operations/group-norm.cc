#include "group-norm.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "group-norm-loops.h"

namespace fdm {
namespace {

// How the work is divided: every sample's places into `parts` runs of `rows`, each of them a unit.
struct Division : GroupNormShape {
  int64_t parts, rows;

  Division(const GroupNormShape& shape, int threads) : GroupNormShape(shape), parts(1), rows(places) {
    // Few samples are divided, so that all threads have as much to do, but not into parts so small that
    // handing them out costs more.
    const int64_t wanted = 8 * threads;
    if (samples >= wanted) return;
    const int64_t largest = std::max<int64_t>(1, places * channels / 8192);
    rows = (places - 1) / std::min((wanted - 1) / samples + 1, largest) + 1;
    parts = (places - 1) / rows + 1;
  }

  int64_t Units() const { return samples * parts; }
  int64_t Sample(int64_t unit) const { return unit / parts; }
  bool IsFirst(int64_t unit) const { return unit % parts == 0; }
  int64_t FirstRow(int64_t unit) const { return unit % parts * rows; }
  int64_t Rows(int64_t unit) const { return std::min(rows, places - FirstRow(unit)); }
  int64_t Offset(int64_t unit) const { return (Sample(unit) * places + FirstRow(unit)) * channels; }
  int64_t Parameters(int64_t unit) const { return shared ? 0 : Sample(unit) * channels; }

  // Copies one number per group to each of its channels.
  void Spread(const float* per_group, float* per_channel) const {
    const int64_t size = channels / groups;
    for (int64_t g = 0; g < groups; ++g) std::fill_n(per_channel + g * size, size, per_group[g]);
  }
};

using Work = std::function<void(int64_t unit, float* scratch)>;

// Calls `first`, then `second`, for every unit. What is second needs the results that the first had for all
// of its sample. Where samples are not divided it follows at once, while the sample is still in the cache.
// `cost` is in cycles per number of x, `size` the floats of scratch space.
void RunStages(const Threads& threads, const Division& division, int64_t cost, int64_t size,
               const Work& first, const Work& second) {
  const auto run = [&](const std::vector<const Work*>& stages) {
    const int64_t unit_cost = cost * stages.size() * division.rows * division.channels;
    threads.run(division.Units(), unit_cost, [&](int64_t begin, int64_t end) {
      std::vector<float> scratch(size);
      for (int64_t unit = begin; unit < end; ++unit) {
        for (const Work* stage : stages) (*stage)(unit, scratch.data());
      }
    });
  };
  if (division.parts == 1) return run({&first, &second});
  run({&first});
  run({&second});
}

// The mean and 1 / sqrt(variance + epsilon) of each group, from the moments of each of its channels.
void MergeChannels(const Division& division, Moments channel, float epsilon, float* mean, float* rstd) {
  const int64_t size = division.channels / division.groups;
  for (int64_t g = 0; g < division.groups; ++g) {
    const float* means = channel.mean + g * size;
    const float* squares = channel.squares + g * size;
    double total = 0, sum = 0;
    for (int64_t c = 0; c < size; ++c) total += means[c];
    for (int64_t c = 0; c < size; ++c) {
      const double distance = means[c] - total / size;
      sum += squares[c] + division.places * distance * distance;
    }
    mean[g] = static_cast<float>(total / size);
    rstd[g] = static_cast<float>(1 / std::sqrt(sum / (division.places * size) + epsilon));
  }
}

// The mean over each group's places and channels of gamma times the sums over places, at each channel.
void AverageGroups(const Division& division, const float* gamma, const float* sums, float* means) {
  const int64_t size = division.channels / division.groups;
  for (int64_t g = 0; g < division.groups; ++g) {
    double total = 0;
    for (int64_t c = g * size; c < (g + 1) * size; ++c) total += gamma[c] * sums[c];
    std::fill_n(means + g * size, size, static_cast<float>(total / (division.places * size)));
  }
}

}  // namespace

template <typename T>
void GroupNorm<T>::Forward(const Threads& threads, const GroupNormShape& shape, float epsilon, bool silu,
                           const T* x, const float* gamma, const float* beta, T* y, float* mean,
                           float* rstd) {
  const Division division(shape, threads.count);
  const int64_t channels = shape.channels;
  std::vector<float> moments(division.Units() * 2 * channels);
  const auto moments_of = [&](int64_t unit) {
    float* start = moments.data() + unit * 2 * channels;
    return Moments{start, start + channels};
  };
  const Work measure = [&](int64_t unit, float* scratch) {
    Loops<T>::ComputeMoments(division.Rows(unit), channels, x + division.Offset(unit), moments_of(unit),
                             scratch);
  };
  const Work normalize = [&](int64_t unit, float* scratch) {
    const Moments total{scratch, scratch + channels};
    const int64_t first = division.Sample(unit) * division.parts;
    std::copy_n(moments_of(first).mean, 2 * channels, scratch);
    for (int64_t other = first + 1; other < first + division.parts; ++other) {
      MergeMoments(channels, division.FirstRow(other), total, division.Rows(other), moments_of(other));
    }
    float* group_mean = scratch + 2 * channels;
    float* group_rstd = group_mean + shape.groups;
    MergeChannels(division, total, epsilon, group_mean, group_rstd);
    if (division.IsFirst(unit)) {
      std::copy_n(group_mean, shape.groups, mean + division.Sample(unit) * shape.groups);
      std::copy_n(group_rstd, shape.groups, rstd + division.Sample(unit) * shape.groups);
    }
    division.Spread(group_mean, scratch);
    division.Spread(group_rstd, scratch + channels);
    const int64_t parameters = division.Parameters(unit);
    const Affine map{scratch, scratch + channels, gamma + parameters, beta + parameters};
    const int64_t offset = division.Offset(unit);
    Loops<T>::Normalize(division.Rows(unit), channels, x + offset, map, silu, y + offset);
  };
  RunStages(threads, division, 2, 2 * channels + 2 * shape.groups, measure, normalize);
}

template <typename T>
void GroupNorm<T>::Backward(const Threads& threads, const GroupNormShape& shape, bool silu, const T* dy,
                            const T* x, const float* gamma, const float* beta, const float* mean,
                            const float* rstd, T* dx, float* dgamma, float* dbeta) {
  const Division division(shape, threads.count);
  const int64_t channels = shape.channels;
  std::vector<float> sums(division.Units() * 2 * channels);
  const auto sums_of = [&](int64_t unit) {
    float* start = sums.data() + unit * 2 * channels;
    return GradientSums{start, start + channels};
  };
  const auto map_of = [&](int64_t unit, float* scratch) {
    division.Spread(mean + division.Sample(unit) * shape.groups, scratch);
    division.Spread(rstd + division.Sample(unit) * shape.groups, scratch + channels);
    const int64_t parameters = division.Parameters(unit);
    return Affine{scratch, scratch + channels, gamma + parameters, beta + parameters};
  };
  const Work sum = [&](int64_t unit, float* scratch) {
    const Affine map = map_of(unit, scratch);
    const int64_t offset = division.Offset(unit);
    Loops<T>::SumGradients(division.Rows(unit), channels, x + offset, dy + offset, map, silu, sums_of(unit),
                           scratch + 2 * channels);
  };
  const Work propagate = [&](int64_t unit, float* scratch) {
    const Affine map = map_of(unit, scratch);
    float* total = scratch + 2 * channels;  // of beta's gradient, then of gamma's
    float* means = scratch + 4 * channels;
    const int64_t first = division.Sample(unit) * division.parts;
    std::fill_n(total, 2 * channels, 0.0f);
    for (int64_t other = first; other < first + division.parts; ++other) {
      for (int64_t c = 0; c < 2 * channels; ++c) total[c] += sums_of(other).beta[c];
    }
    AverageGroups(division, map.gamma, total, means);
    AverageGroups(division, map.gamma, total + channels, means + channels);
    if (!shape.shared && division.IsFirst(unit)) {
      std::copy_n(total, channels, dbeta + division.Parameters(unit));
      std::copy_n(total + channels, channels, dgamma + division.Parameters(unit));
    }
    const int64_t offset = division.Offset(unit);
    Loops<T>::InputGradient(division.Rows(unit), channels, x + offset, dy + offset, map, silu,
                            {means, means + channels}, dx + offset);
  };
  RunStages(threads, division, 6, 6 * channels, sum, propagate);
  if (!shape.shared) return;
  std::vector<double> total(2 * channels);
  for (int64_t unit = 0; unit < division.Units(); ++unit) {
    for (int64_t c = 0; c < 2 * channels; ++c) total[c] += sums_of(unit).beta[c];
  }
  std::copy_n(total.data(), channels, dbeta);
  std::copy_n(total.data() + channels, channels, dgamma);
}

template struct GroupNorm<float>;
template struct GroupNorm<Bits>;

}  // namespace fdm
