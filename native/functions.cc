// Functions of JavaScript that make a graph into an operation of the binding's context, as tf.function of
// Python does. The operation is then executed by its name, like any other.
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "extension.h"
#include "tensorflow/c/c_api.h"

namespace {

using fdm::Deleter;
using fdm::Status;
using Graph = std::unique_ptr<TF_Graph, Deleter<TF_Graph, TF_DeleteGraph>>;
using Function = std::unique_ptr<TF_Function, Deleter<TF_Function, TF_DeleteFunction>>;
using Buffer = std::unique_ptr<TF_Buffer, Deleter<TF_Buffer, TF_DeleteBuffer>>;
using ImportOptions =
    std::unique_ptr<TF_ImportGraphDefOptions,
                    Deleter<TF_ImportGraphDefOptions, TF_DeleteImportGraphDefOptions>>;
using Operation = std::unique_ptr<TFE_Op, Deleter<TFE_Op, TFE_DeleteOp>>;

// The arguments of a call from JavaScript. Whatever fails leaves an exception pending in `env`.
struct Call {
  napi_env env;
  TFE_Context* context;
  napi_value arguments[4];
  size_t count = 4;

  Call(napi_env environment, napi_callback_info info) : env(environment) {
    void* data = nullptr;
    napi_get_cb_info(env, info, &count, arguments, nullptr, &data);
    context = static_cast<TFE_Context*>(data);
  }

  bool Throw(const std::string& message) const {
    napi_throw_error(env, nullptr, message.c_str());
    return false;
  }

  bool Check(const Status& status, const std::string& task) const {
    return TF_GetCode(status.get()) == TF_OK || Throw(task + ": " + TF_Message(status.get()));
  }

  bool Text(napi_value value, std::string* text) const {
    size_t length = 0;
    if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) {
      return Throw("expected a string");
    }
    std::vector<char> bytes(length + 1);
    napi_get_value_string_utf8(env, value, bytes.data(), bytes.size(), &length);
    text->assign(bytes.data(), length);
    return true;
  }

  bool Bytes(napi_value value, const void** bytes, size_t* length) const {
    napi_typedarray_type type;
    void* data = nullptr;
    const napi_status status =
        napi_get_typedarray_info(env, value, &type, length, &data, nullptr, nullptr);
    *bytes = data;
    return (status == napi_ok && type == napi_uint8_array) || Throw("expected a Uint8Array");
  }

  // The lengths of an output's dimensions, which must all be known, as an array.
  bool Shape(const Graph& graph, TF_Output output, const Status& status, napi_value* shape) const {
    const int rank = TF_GraphGetTensorNumDims(graph.get(), output, status.get());
    if (!Check(status, "the shape cannot be inferred")) return false;
    if (rank < 0) return Throw("the shape is not known");
    std::vector<int64_t> lengths(rank);
    TF_GraphGetTensorShape(graph.get(), output, lengths.data(), rank, status.get());
    if (!Check(status, "the shape cannot be inferred")) return false;
    napi_create_array(env, shape);
    for (int i = 0; i < rank; ++i) {
      if (lengths[i] < 0) return Throw("the shape is not known");
      napi_value length;
      napi_create_int64(env, lengths[i], &length);
      napi_set_element(env, *shape, i, length);
    }
    return true;
  }

  // Outputs of nodes, each as "node:index".
  bool Outputs(napi_value value, const Graph& graph, std::vector<TF_Output>* outputs) const {
    uint32_t length = 0;
    if (napi_get_array_length(env, value, &length) != napi_ok) {
      return Throw("expected an array of strings");
    }
    for (uint32_t i = 0; i < length; ++i) {
      napi_value element;
      std::string text;
      if (napi_get_element(env, value, i, &element) != napi_ok || !Text(element, &text)) return false;
      const size_t colon = text.rfind(':');
      const std::string node = text.substr(0, colon);
      const int index = colon == std::string::npos ? 0 : std::atoi(text.c_str() + colon + 1);
      TF_Operation* operation = TF_GraphOperationByName(graph.get(), node.c_str());
      if (!operation || index < 0 || index >= TF_OperationNumOutputs(operation)) {
        return Throw("the graph has no output " + text);
      }
      outputs->push_back({operation, index});
    }
    return true;
  }
};

bool Import(const Call& call, napi_value value, const Graph& graph, const Status& status) {
  const void* bytes = nullptr;
  size_t length = 0;
  if (!call.Bytes(value, &bytes, &length)) return false;
  const Buffer definition(TF_NewBufferFromString(bytes, length));
  const ImportOptions options(TF_NewImportGraphDefOptions());
  TF_GraphImportGraphDef(graph.get(), definition.get(), options.get(), status.get());
  return call.Check(status, "the graph is not valid");
}

// registerFunction(name, graphDef, inputs, outputs)
napi_value RegisterFunction(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  std::string name;
  if (!call.Text(call.arguments[0], &name)) return nullptr;
  const Status status(TF_NewStatus());
  const Graph graph(TF_NewGraph());
  std::vector<TF_Output> inputs, outputs;
  if (!Import(call, call.arguments[1], graph, status) || !call.Outputs(call.arguments[2], graph, &inputs) ||
      !call.Outputs(call.arguments[3], graph, &outputs)) {
    return nullptr;
  }
  constexpr int kAllOperations = -1;
  const Function function(TF_GraphToFunction(
      graph.get(), name.c_str(), /*append_hash_to_fn_name=*/0, kAllOperations, nullptr,
      static_cast<int>(inputs.size()), inputs.data(), static_cast<int>(outputs.size()), outputs.data(),
      /*output_names=*/nullptr, /*opts=*/nullptr, /*description=*/nullptr, status.get()));
  if (!call.Check(status, "the graph cannot be a function")) return nullptr;
  TFE_ContextAddFunction(call.context, function.get(), status.get());
  call.Check(status, "the function " + name + " cannot be registered");
  return nullptr;
}

// removeFunction(name)
napi_value RemoveFunction(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  std::string name;
  if (!call.Text(call.arguments[0], &name)) return nullptr;
  const Status status(TF_NewStatus());
  TFE_ContextRemoveFunction(call.context, name.c_str(), status.get());
  call.Check(status, "the function " + name + " cannot be removed");
  return nullptr;
}

// hasOperation(name): boolean
napi_value HasOperation(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  std::string name;
  if (!call.Text(call.arguments[0], &name)) return nullptr;
  const Status status(TF_NewStatus());
  const Operation operation(TFE_NewOp(call.context, name.c_str(), status.get()));
  napi_value result = nullptr;
  napi_get_boolean(env, TF_GetCode(status.get()) == TF_OK, &result);
  return result;
}

// inferOutputs(graphDef, node): {dtype, shape}[]
napi_value InferOutputs(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  const Status status(TF_NewStatus());
  const Graph graph(TF_NewGraph());
  std::string node;
  if (!Import(call, call.arguments[0], graph, status) || !call.Text(call.arguments[1], &node)) return nullptr;
  TF_Operation* operation = TF_GraphOperationByName(graph.get(), node.c_str());
  if (!operation) {
    call.Throw("the graph has no operation " + node);
    return nullptr;
  }
  napi_value result = nullptr;
  napi_create_array(env, &result);
  for (int i = 0; i < TF_OperationNumOutputs(operation); ++i) {
    const TF_Output output = {operation, i};
    napi_value description, value;
    napi_create_object(env, &description);
    napi_create_int32(env, TF_OperationOutputType(output), &value);
    napi_set_named_property(env, description, "dtype", value);
    if (!call.Shape(graph, output, status, &value)) return nullptr;
    napi_set_named_property(env, description, "shape", value);
    napi_set_element(env, result, i, description);
  }
  return result;
}

}  // namespace

namespace fdm {

bool DefineFunctions(napi_env env, napi_value exports, TFE_Context* context) {
  const napi_property_descriptor functions[] = {
      {"registerFunction", nullptr, RegisterFunction, nullptr, nullptr, nullptr, napi_default, context},
      {"removeFunction", nullptr, RemoveFunction, nullptr, nullptr, nullptr, napi_default, context},
      {"hasOperation", nullptr, HasOperation, nullptr, nullptr, nullptr, napi_default, context},
      {"inferOutputs", nullptr, InferOutputs, nullptr, nullptr, nullptr, napi_default, context},
  };
  return napi_define_properties(env, exports, std::size(functions), functions) == napi_ok;
}

}  // namespace fdm
