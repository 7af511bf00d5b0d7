// TensorFlow's profiler, which knows when each operation of a step began and ended.
#ifndef FDM_PROFILER_H_
#define FDM_PROFILER_H_

#include <node_api.h>

namespace fdm {

// Adds startProfiler and stopProfiler to a module's exports. Missing where TensorFlow came without the headers
// that it needs.
__attribute__((weak)) bool DefineProfiler(napi_env env, napi_value exports);

}  // namespace fdm

#endif  // FDM_PROFILER_H_
