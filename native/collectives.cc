#include "collectives.h"

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <mutex>
#include <sstream>
#include <thread>
#include <vector>

#include "extension.h"
#include "proto.h"
#include "tensorflow/c/c_api_experimental.h"

namespace fdm {
namespace {

constexpr char kJob[] = "worker";

std::string TaskName(int task) {
  return std::string("/job:") + kJob + "/replica:0/task:" + std::to_string(task);
}

// The addresses of all processes; none for a process on its own.
std::vector<std::string> Tasks() {
  const char* text = std::getenv("FDM_TASKS");
  std::vector<std::string> tasks;
  std::istringstream list(text ? text : "");
  for (std::string task; std::getline(list, task, ',');) tasks.push_back(task);
  return tasks;
}

int OwnTask() {
  const char* text = std::getenv("FDM_TASK");
  return text ? std::atoi(text) : 0;
}

// A serialised tensorflow.ServerDef.
std::string ServerDef(const std::vector<std::string>& tasks, const std::string& config) {
  std::string job;
  AppendBytes(1, kJob, &job);  // name
  for (size_t i = 0; i < tasks.size(); ++i) {
    std::string entry;
    AppendInteger(1, i, &entry);
    AppendBytes(2, tasks[i], &entry);
    AppendBytes(2, entry, &job);  // tasks
  }
  std::string cluster, server;
  AppendBytes(1, job, &cluster);
  AppendBytes(1, cluster, &server);
  AppendBytes(2, kJob, &server);         // job_name
  AppendInteger(3, OwnTask(), &server);  // task_index
  AppendBytes(4, config, &server);       // default_session_config
  AppendBytes(5, "grpc", &server);       // protocol
  return server;
}

void Abort(TFE_Context* context, const std::string& reason) {
  const Status why(TF_NewStatus()), status(TF_NewStatus());
  TF_SetStatus(why.get(), TF_ABORTED, reason.c_str());
  TFE_AbortCollectiveOps(context, why.get());
}

// Asks other processes, again and again, whether they are alive, on a thread of its own: JavaScript's waits
// within an operation for the others. Ends the operations under way when one does not answer twice.
class Watch {
 public:
  Watch(TFE_Context* context, std::vector<int> peers, int interval_ms, int timeout_ms)
      : context_(context), peers_(std::move(peers)), interval_(interval_ms), timeout_ms_(timeout_ms) {
    thread_ = std::thread([this] { Run(); });
  }

  ~Watch() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopped_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }

  std::string lost() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return lost_;
  }

 private:
  void Run() {
    while (!Wait()) {
      for (const int peer : peers_) {
        std::string reason;
        if (Answers(peer, &reason)) continue;
        if (Wait()) return;
        if (Answers(peer, &reason)) continue;
        {
          const std::lock_guard<std::mutex> lock(mutex_);
          lost_ = std::to_string(peer) + " " + reason;
        }
        Abort(context_, "process " + std::to_string(peer) + " does not answer");
        return;
      }
    }
  }

  bool Answers(int peer, std::string* reason) {
    const Status status(TF_NewStatus());
    TFE_CollectiveOpsCheckPeerHealth(context_, TaskName(peer).c_str(), timeout_ms_, status.get());
    *reason = TF_Message(status.get());
    return TF_GetCode(status.get()) == TF_OK;
  }

  // Whether it is to end.
  bool Wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    return wake_.wait_for(lock, interval_, [this] { return stopped_; });
  }

  TFE_Context* const context_;
  const std::vector<int> peers_;
  const std::chrono::milliseconds interval_;
  const int timeout_ms_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopped_ = false;
  std::string lost_;
  std::thread thread_;
};

// One per module, as there is one context.
thread_local std::unique_ptr<Watch> watch;

TFE_Context* Arguments(napi_env env, napi_callback_info info, size_t count, napi_value* values) {
  void* data = nullptr;
  napi_get_cb_info(env, info, &count, values, nullptr, &data);
  return static_cast<TFE_Context*>(data);
}

// watchPeers(tasks, intervalMs, timeoutMs)
napi_value WatchPeers(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  TFE_Context* context = Arguments(env, info, 3, arguments);
  uint32_t count = 0;
  int32_t interval = 0, timeout = 0;
  if (napi_get_array_length(env, arguments[0], &count) != napi_ok ||
      napi_get_value_int32(env, arguments[1], &interval) != napi_ok ||
      napi_get_value_int32(env, arguments[2], &timeout) != napi_ok) {
    napi_throw_error(env, nullptr, "expected an array of numbers and two numbers");
    return nullptr;
  }
  std::vector<int> peers(count);
  for (uint32_t i = 0; i < count; ++i) {
    napi_value element;
    napi_get_element(env, arguments[0], i, &element);
    napi_get_value_int32(env, element, &peers[i]);
  }
  watch.reset();
  watch = std::make_unique<Watch>(context, std::move(peers), interval, timeout);
  return nullptr;
}

// lostPeer(): string, its number and why; empty if none is lost
napi_value LostPeer(napi_env env, napi_callback_info) {
  const std::string lost = watch ? watch->lost() : "";
  napi_value result = nullptr;
  napi_create_string_utf8(env, lost.c_str(), lost.size(), &result);
  return result;
}

// stopWatching()
napi_value StopWatching(napi_env, napi_callback_info) {
  watch.reset();
  return nullptr;
}

void StopAtExit(void*) { watch.reset(); }

}  // namespace

void AppendGroupLeader(std::string* config) {
  if (Tasks().empty()) return;
  std::string experimental;
  AppendBytes(1, TaskName(0), &experimental);  // collective_group_leader
  AppendBytes(16, experimental, config);
}

void EnableCollectives(TFE_Context* context, const std::string& config, TF_Status* status) {
  const std::vector<std::string> tasks = Tasks();
  if (tasks.empty()) return;
  const std::string server = ServerDef(tasks, config);
  TFE_EnableCollectiveOps(context, server.data(), server.size(), status);
}

bool DefineCollectives(napi_env env, napi_value exports, TFE_Context* context) {
  const napi_property_descriptor functions[] = {
      {"watchPeers", nullptr, WatchPeers, nullptr, nullptr, nullptr, napi_default, context},
      {"lostPeer", nullptr, LostPeer, nullptr, nullptr, nullptr, napi_default, context},
      {"stopWatching", nullptr, StopWatching, nullptr, nullptr, nullptr, napi_default, context},
  };
  napi_add_env_cleanup_hook(env, StopAtExit, nullptr);
  return napi_define_properties(env, exports, std::size(functions), functions) == napi_ok;
}

}  // namespace fdm
