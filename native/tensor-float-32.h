// Whether GPUs may round the factors of float32 products and convolutions to TensorFloat-32 (TF32).
#ifndef FDM_TENSOR_FLOAT_32_H_
#define FDM_TENSOR_FLOAT_32_H_

#include <node_api.h>

namespace fdm {

// Adds allowTensorFloat32 and allowsTensorFloat32 to a module's exports, unless TensorFlow has no such switch.
bool DefineTensorFloat32(napi_env env, napi_value exports);

}  // namespace fdm

#endif  // FDM_TENSOR_FLOAT_32_H_
