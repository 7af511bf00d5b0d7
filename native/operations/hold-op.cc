// A tensor that is there only after another one, and after whatever could be computed when that one was. With
// several processes the backward pass waits in it for the gradients of the parameters it has gone past, so that
// they are on their way to the others while it goes on: left to itself TensorFlow computes what nothing waits
// for last.
#include "kernel.h"
#include "tensorflow/core/platform/env.h"

namespace fdm {
namespace {

REGISTER_OP("FdmHold")
    .Input("x: T")
    .Input("other: float")
    .Output("y: T")
    .Attr("T: {float, bfloat16}")
    .SetShapeFn([](InferenceContext* c) -> absl::Status {
      c->set_output(0, c->input(0));
      return absl::OkStatus();
    });

class HoldKernel : public tensorflow::AsyncOpKernel {
 public:
  explicit HoldKernel(OpKernelConstruction* construction) : AsyncOpKernel(construction) {}

  // What comes after is put at the end of the line by a thread that is none of the executor's: its own begin with
  // what they were given last, and would go on from here before they start the sum over the processes.
  void ComputeAsync(OpKernelContext* context, DoneCallback done) override {
    context->set_output(0, context->input(0));
    tensorflow::Env::Default()->SchedClosure(std::move(done));
  }
};

// Nothing is computed, hence for every device.
REGISTER_KERNEL_BUILDER(Name("FdmHold").Device(tensorflow::DEVICE_CPU), HoldKernel);
REGISTER_KERNEL_BUILDER(Name("FdmHold").Device(tensorflow::DEVICE_GPU), HoldKernel);

}  // namespace
}  // namespace fdm
