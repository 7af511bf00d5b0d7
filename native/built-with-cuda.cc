#include "built-with-cuda.h"

// TensorFlow's own answer. Declared here, as not every TensorFlow comes with its header, and weak: where a library
// does not have it, it is null.
namespace tensorflow {
__attribute__((weak)) bool IsGoogleCudaEnabled();
}

namespace fdm {
namespace {

// isBuiltWithCuda(): boolean
napi_value IsBuiltWithCuda(napi_env env, napi_callback_info) {
  napi_value result;
  return napi_get_boolean(env, tensorflow::IsGoogleCudaEnabled(), &result) == napi_ok ? result : nullptr;
}

}  // namespace

bool DefineBuiltWithCuda(napi_env env, napi_value exports) {
  if (!tensorflow::IsGoogleCudaEnabled) return true;
  const napi_property_descriptor function = {
      "isBuiltWithCuda", nullptr, IsBuiltWithCuda, nullptr, nullptr, nullptr, napi_default, nullptr};
  return napi_define_properties(env, exports, 1, &function) == napi_ok;
}

}  // namespace fdm
