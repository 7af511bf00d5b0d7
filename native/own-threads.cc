#include "own-threads.h"

#include <algorithm>
#include <cstdlib>
#include <system_error>
#include <thread>
#include <vector>

namespace fdm {
namespace {

// Less work than this, in cycles, is not worth a thread of its own.
constexpr int64_t kWorthThread = 200000;

void Run(int threads, int64_t total, int64_t cost, const std::function<void(int64_t, int64_t)>& work) {
  const int64_t worth = std::max<int64_t>(1, total * cost / kWorthThread);
  const int64_t parts = std::min({static_cast<int64_t>(threads), total, worth});
  std::vector<std::thread> others;
  int64_t begun = 0;
  // A part more per thread, until the system has none left; this thread does what remains.
  try {
    for (int64_t part = 1; part < parts; ++part) {
      const int64_t begin = begun, end = total * part / parts;
      others.emplace_back([&work, begin, end] { work(begin, end); });
      begun = end;
    }
  } catch (const std::system_error&) {
  }
  if (begun < total) work(begun, total);
  for (std::thread& other : others) other.join();
}

}  // namespace

int ThreadsWanted() {
  const char* text = std::getenv("FDM_THREADS");
  return text ? std::max(0, std::atoi(text)) : 0;
}

Threads OwnThreads() {
  const int wanted = ThreadsWanted();
  const int count = wanted > 0 ? wanted : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  return {count, [count](int64_t total, int64_t cost, const std::function<void(int64_t, int64_t)>& work) {
            Run(count, total, cost, work);
          }};
}

}  // namespace fdm
