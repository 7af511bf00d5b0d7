// What the kernels of our operations share: how they reach a tensor's numbers and the device's threads.
#ifndef FDM_KERNEL_H_
#define FDM_KERNEL_H_

#include <functional>

#include "numbers.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/shape_inference.h"
#include "tensorflow/core/util/work_sharder.h"
#include "threads.h"

namespace fdm {

using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;
using tensorflow::shape_inference::DimensionHandle;
using tensorflow::shape_inference::InferenceContext;
using tensorflow::shape_inference::ShapeHandle;

// What the bytes of a TensorFlow type are to the loops.
template <typename T>
struct Number {
  using Type = float;
};
template <>
struct Number<Eigen::bfloat16> {
  using Type = Bits;
};

template <typename T>
T* Data(const Tensor& tensor) {
  return static_cast<T*>(tensor.data());
}

inline Threads ThreadsOf(OpKernelContext* context) {
  const auto* pool = context->device()->tensorflow_cpu_worker_threads();
  return {pool->num_threads,
          [pool](int64_t total, int64_t cost, const std::function<void(int64_t, int64_t)>& work) {
            tensorflow::Shard(pool->num_threads, pool->workers, total, cost, work);
          }};
}

// Registers a file's ForwardKernel and BackwardKernel as an operation and its gradient, for T as its numbers.
#define FDM_REGISTER_KERNELS(name, T)                                                                   \
  REGISTER_KERNEL_BUILDER(Name(name).Device(tensorflow::DEVICE_CPU).TypeConstraint<T>("T"),             \
                          ForwardKernel<T>);                                                            \
  REGISTER_KERNEL_BUILDER(Name(name "Grad").Device(tensorflow::DEVICE_CPU).TypeConstraint<T>("T"),      \
                          BackwardKernel<T>)

}  // namespace fdm

#endif  // FDM_KERNEL_H_
