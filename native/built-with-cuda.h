// What TensorFlow's libraries were built for, whether there is a GPU or not.
#ifndef FDM_BUILT_WITH_CUDA_H_
#define FDM_BUILT_WITH_CUDA_H_

#include <node_api.h>

namespace fdm {

// Adds isBuiltWithCuda to a module's exports, where the library says it.
bool DefineBuiltWithCuda(napi_env env, napi_value exports);

}  // namespace fdm

#endif  // FDM_BUILT_WITH_CUDA_H_
