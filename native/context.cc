// The context of the binding, made with a configuration and remembered for the functions added to it.
#include <string>

#include "collectives.h"
#include "extension.h"
#include "own-threads.h"
#include "proto.h"

namespace {

// Each worker thread of Node has a module, and so a context, of its own.
thread_local TFE_Context* current = nullptr;

// A serialised tensorflow.ConfigProto.
std::string Config() {
  // gpu_options (6) { allow_growth (4): true }: by default the first process takes all of a GPU's memory.
  std::string proto("\x32\x02\x20\x01", 4);
  const int threads = fdm::ThreadsWanted();
  if (threads > 0) {
    fdm::AppendInteger(2, threads, &proto);  // intra_op_parallelism_threads
    fdm::AppendInteger(5, threads, &proto);  // inter_op_parallelism_threads
  }
  fdm::AppendGroupLeader(&proto);
  return proto;
}

}  // namespace

extern "C" TFE_Context* FdmNewContext(const TFE_ContextOptions* options, TF_Status* status) {
  const std::string config = Config();
  // The caller made the options itself and passes them as constant only because TFE_NewContext asks for it.
  TFE_ContextOptionsSetConfig(const_cast<TFE_ContextOptions*>(options), config.data(), config.size(), status);
  if (TF_GetCode(status) != TF_OK) return nullptr;
  current = TFE_NewContext(options, status);
  if (TF_GetCode(status) == TF_OK) fdm::EnableCollectives(current, config, status);
  return current;
}

namespace fdm {

TFE_Context* CurrentContext() { return current; }

}  // namespace fdm
