// What is added to the TensorFlow binding of tfjs-node-gpu. Its sources are compiled unchanged, but for two
// names (see src/setup/compile-binding.ts): the function that makes its context, and its entry point.
#ifndef FDM_EXTENSION_H_
#define FDM_EXTENSION_H_

#include <node_api.h>

#include <memory>

#include "tensorflow/c/eager/c_api.h"

extern "C" {

// In place of TFE_NewContext, with our session configuration.
TFE_Context* FdmNewContext(const TFE_ContextOptions* options, TF_Status* status);

// The binding's own entry point.
napi_value FdmInitBinding(napi_env env, napi_value exports);
}

namespace fdm {

// Deletes an object of the C interface by the function that it has for that.
template <typename T, void (*Delete)(T*)>
struct Deleter {
  void operator()(T* object) const { Delete(object); }
};

using Status = std::unique_ptr<TF_Status, Deleter<TF_Status, TF_DeleteStatus>>;

// The context made last on this thread.
TFE_Context* CurrentContext();

// Adds registerFunction, removeFunction, hasOperation and inferOutputs to a module's exports.
bool DefineFunctions(napi_env env, napi_value exports, TFE_Context* context);

}  // namespace fdm

#endif  // FDM_EXTENSION_H_
