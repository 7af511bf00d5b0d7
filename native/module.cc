// The addon's entry point: the binding's own, then what is added to it.
#include "built-with-cuda.h"
#include "collectives.h"
#include "extension.h"
#include "profiler.h"
#include "squared-distances.h"
#include "tensor-float-32.h"

extern "C" NAPI_MODULE_EXPORT napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  exports = FdmInitBinding(env, exports);
  TFE_Context* context = fdm::CurrentContext();
  if (!exports || !context || !fdm::DefineFunctions(env, exports, context)) return nullptr;
  if (!fdm::DefineCollectives(env, exports, context)) return nullptr;
  if (!fdm::DefineSquaredDistances(env, exports)) return nullptr;
  if (!fdm::DefineBuiltWithCuda(env, exports)) return nullptr;
  if (!fdm::DefineTensorFloat32(env, exports)) return nullptr;
  if (fdm::DefineProfiler && !fdm::DefineProfiler(env, exports)) return nullptr;
  return exports;
}
