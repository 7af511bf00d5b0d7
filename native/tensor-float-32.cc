#include "tensor-float-32.h"

#include <iterator>

// TensorFlow's switch, one for the whole process. Declared here, as not every TensorFlow comes with its header,
// and weak, as earlier ones have it in the other namespace: what a library does not have is null.
namespace tsl {
__attribute__((weak)) void enable_tensor_float_32_execution(bool enabled);
__attribute__((weak)) bool tensor_float_32_execution_enabled();
}  // namespace tsl

namespace tensorflow {
__attribute__((weak)) void enable_tensor_float_32_execution(bool enabled);
__attribute__((weak)) bool tensor_float_32_execution_enabled();
}  // namespace tensorflow

namespace fdm {
namespace {

// allowTensorFloat32(allow: boolean): void
napi_value Allow(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  bool allow = false;
  if (napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr) != napi_ok ||
      napi_get_value_bool(env, argument, &allow) != napi_ok) {
    napi_throw_type_error(env, nullptr, "allowTensorFloat32 takes a boolean");
    return nullptr;
  }
  (tsl::enable_tensor_float_32_execution ? tsl::enable_tensor_float_32_execution
                                         : tensorflow::enable_tensor_float_32_execution)(allow);
  return nullptr;
}

// allowsTensorFloat32(): boolean
napi_value Allows(napi_env env, napi_callback_info) {
  napi_value result;
  const bool allows = tsl::tensor_float_32_execution_enabled ? tsl::tensor_float_32_execution_enabled()
                                                             : tensorflow::tensor_float_32_execution_enabled();
  return napi_get_boolean(env, allows, &result) == napi_ok ? result : nullptr;
}

}  // namespace

bool DefineTensorFloat32(napi_env env, napi_value exports) {
  const bool in_tsl = tsl::enable_tensor_float_32_execution && tsl::tensor_float_32_execution_enabled;
  const bool in_tensorflow =
      tensorflow::enable_tensor_float_32_execution && tensorflow::tensor_float_32_execution_enabled;
  if (!in_tsl && !in_tensorflow) return true;
  const napi_property_descriptor functions[] = {
      {"allowTensorFloat32", nullptr, Allow, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"allowsTensorFloat32", nullptr, Allows, nullptr, nullptr, nullptr, napi_default, nullptr},
  };
  return napi_define_properties(env, exports, std::size(functions), functions) == napi_ok;
}

}  // namespace fdm
