// Threads for what is not an operation of TensorFlow, which has threads of its own.
#ifndef FDM_OWN_THREADS_H_
#define FDM_OWN_THREADS_H_

#include "operations/threads.h"

namespace fdm {

// What FDM_THREADS says; 0 if it says nothing.
int ThreadsWanted();

// As many threads as wanted, else as there are processors. They last as long as the work that they are given.
Threads OwnThreads();

}  // namespace fdm

#endif  // FDM_OWN_THREADS_H_
