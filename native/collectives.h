// Collective operations between processes: TensorFlow's own, over its own server. A process takes part if it
// is told its place in the environment before the addon is loaded:
//   FDM_TASKS  the address of every process's server, "host:port,host:port,.."
//   FDM_TASK   which of them this process is, from 0
#ifndef FDM_COLLECTIVES_H_
#define FDM_COLLECTIVES_H_

#include <node_api.h>

#include <string>

#include "tensorflow/c/eager/c_api.h"

namespace fdm {

// Names the process that leads groups, in a serialised tensorflow.ConfigProto. Nothing is added for a process
// on its own.
void AppendGroupLeader(std::string* config);

// Starts this process's server and lets the context take part in collective operations. To be called before
// the context's devices are listed, as it gives them other names. Does nothing for a process on its own.
void EnableCollectives(TFE_Context* context, const std::string& config, TF_Status* status);

// Adds watchPeers, lostPeer and stopWatching to a module's exports.
bool DefineCollectives(napi_env env, napi_value exports, TFE_Context* context);

}  // namespace fdm

#endif  // FDM_COLLECTIVES_H_
