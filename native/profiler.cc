#include "profiler.h"

#include <iterator>
#include <memory>
#include <string>

#include "tsl/profiler/lib/profiler_session.h"

namespace fdm {
namespace {

// At most one in a process, which TensorFlow sees to.
std::unique_ptr<tsl::ProfilerSession> session;

napi_value Refuse(napi_env env, const absl::Status& status) {
  napi_throw_error(env, nullptr, std::string(status.message()).c_str());
  return nullptr;
}

// startProfiler(): void
napi_value StartProfiler(napi_env env, napi_callback_info) {
  auto started = tsl::ProfilerSession::Create(tsl::ProfilerSession::DefaultOptions());
  const absl::Status status = started->Status();
  if (!status.ok()) return Refuse(env, status);
  session = std::move(started);
  return nullptr;
}

// stopProfiler(): Uint8Array, a serialised tensorflow.profiler.XSpace
napi_value StopProfiler(napi_env env, napi_callback_info) {
  if (!session) return Refuse(env, absl::FailedPreconditionError("the profiler was not started"));
  tensorflow::profiler::XSpace space;
  const absl::Status status = session->CollectData(&space);
  session.reset();
  if (!status.ok()) return Refuse(env, status);
  const size_t length = space.ByteSizeLong();
  void* bytes = nullptr;
  napi_value buffer, result;
  if (napi_create_arraybuffer(env, length, &bytes, &buffer) != napi_ok ||
      napi_create_typedarray(env, napi_uint8_array, length, buffer, 0, &result) != napi_ok) {
    return nullptr;
  }
  if (!space.SerializeToArray(bytes, static_cast<int>(length))) {
    return Refuse(env, absl::InternalError("the profile is too large"));
  }
  return result;
}

}  // namespace

bool DefineProfiler(napi_env env, napi_value exports) {
  const napi_property_descriptor functions[] = {
      {"startProfiler", nullptr, StartProfiler, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"stopProfiler", nullptr, StopProfiler, nullptr, nullptr, nullptr, napi_default, nullptr},
  };
  return napi_define_properties(env, exports, std::size(functions), functions) == napi_ok;
}

}  // namespace fdm
