#ifndef FDM_THREADS_H_
#define FDM_THREADS_H_

#include <cstdint>
#include <functional>

namespace fdm {

// The threads that an operation may use, whoever owns them.
struct Threads {
  int count;
  // Calls work(begin, end) with runs that make up [0, total), on any threads; `cost` is in cycles for one.
  std::function<void(int64_t total, int64_t cost, const std::function<void(int64_t, int64_t)>& work)> run;
};

}  // namespace fdm

#endif  // FDM_THREADS_H_
