// A tensor that is there only after another one: what holds back the second computation of activations until
// the backward pass needs them. TensorFlow would otherwise find that they were computed before, and keep them.
#include "kernel.h"

namespace fdm {
namespace {

REGISTER_OP("FdmAfter")
    .Input("x: T")
    .Input("other: T")
    .Output("y: T")
    .Attr("T: type")
    .SetShapeFn([](tensorflow::shape_inference::InferenceContext* c) -> absl::Status {
      c->set_output(0, c->input(0));
      return absl::OkStatus();
    });

class AfterKernel : public OpKernel {
 public:
  explicit AfterKernel(OpKernelConstruction* construction) : OpKernel(construction) {}
  void Compute(OpKernelContext* context) override { context->set_output(0, context->input(0)); }
  bool IsExpensive() override { return false; }
};

// Nothing is computed, hence for every device.
REGISTER_KERNEL_BUILDER(Name("FdmAfter").Device(tensorflow::DEVICE_CPU), AfterKernel);
REGISTER_KERNEL_BUILDER(Name("FdmAfter").Device(tensorflow::DEVICE_GPU), AfterKernel);

}  // namespace
}  // namespace fdm
