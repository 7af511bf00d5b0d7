// An AdamW update of one parameter and of its averaged copies as one operation of TensorFlow: one look at
// each number, where single operations would take some twenty.
#include <vector>

#include "adamw.h"
#include "kernel.h"

namespace fdm {
namespace {

constexpr int kAverages = 4, kScalars = 3;

// parameter, gradient, mean, square (the running moments) and averages are of one shape. keep = 1 - lr *
// weight decay, step_size = lr / (1 - beta1^step), root_correction = sqrt(1 - beta2^step): scalars. The
// averages follow the new parameter at the given rates. The rests are 1 - beta and 1 - rate, from doubles: in
// float, 1 - 0.9999f would lose half of its digits.
REGISTER_OP("FdmAdamW")
    .Input("parameter: float")
    .Input("gradient: float")
    .Input("mean: float")
    .Input("square: float")
    .Input("averages: N * float")
    .Input("keep: float")
    .Input("step_size: float")
    .Input("root_correction: float")
    .Output("new_parameter: float")
    .Output("new_mean: float")
    .Output("new_square: float")
    .Output("new_averages: N * float")
    .Attr("N: int >= 0")
    .Attr("beta1: float")
    .Attr("beta2: float")
    .Attr("rates: list(float) >= 0")
    .Attr("rest1: float")
    .Attr("rest2: float")
    .Attr("rest_rates: list(float) >= 0")
    .Attr("epsilon: float")
    .SetShapeFn([](InferenceContext* c) -> absl::Status {
      for (int i = 0; i < c->num_outputs(); ++i) c->set_output(i, c->input(0));
      return absl::OkStatus();
    });

class AdamWKernel : public OpKernel {
 public:
  explicit AdamWKernel(OpKernelConstruction* construction) : OpKernel(construction) {
    OP_REQUIRES_OK(construction, construction->GetAttr("rates", &rates_));
    OP_REQUIRES_OK(construction, construction->GetAttr("beta1", &numbers_.beta1));
    OP_REQUIRES_OK(construction, construction->GetAttr("beta2", &numbers_.beta2));
    OP_REQUIRES_OK(construction, construction->GetAttr("epsilon", &numbers_.epsilon));
    OP_REQUIRES_OK(construction, construction->GetAttr("rest1", &numbers_.rest1));
    OP_REQUIRES_OK(construction, construction->GetAttr("rest2", &numbers_.rest2));
    OP_REQUIRES_OK(construction, construction->GetAttr("rest_rates", &rest_rates_));
  }

  void Compute(OpKernelContext* context) override {
    const int averages = static_cast<int>(rates_.size());
    const tensorflow::TensorShape& shape = context->input(0).shape();
    OP_REQUIRES(context, rest_rates_.size() == rates_.size() &&
                             context->num_inputs() == kAverages + averages + kScalars,
                absl::InvalidArgumentError("expected one rate for each average"));
    for (int i = 0; i < kAverages + averages; ++i) {
      OP_REQUIRES(context, context->input(i).shape() == shape,
                  absl::InvalidArgumentError(absl::StrCat("expected ", shape.DebugString(), ", got ",
                                                          context->input(i).shape().DebugString())));
    }
    AdamWNumbers numbers = numbers_;
    float* const scalars[] = {&numbers.keep, &numbers.step_size, &numbers.root_correction};
    for (int i = 0; i < kScalars; ++i) {
      const Tensor& scalar = context->input(kAverages + averages + i);
      OP_REQUIRES(context, scalar.NumElements() == 1, absl::InvalidArgumentError("expected a scalar"));
      *scalars[i] = *Data<float>(scalar);
    }
    std::vector<const float*> in(kAverages + averages);
    for (size_t i = 0; i < in.size(); ++i) in[i] = Data<float>(context->input(i));
    std::vector<float*> out(kAverages - 1 + averages);
    for (size_t i = 0; i < out.size(); ++i) {
      Tensor* output = nullptr;
      OP_REQUIRES_OK(context, context->allocate_output(i, shape, &output));
      out[i] = Data<float>(*output);
    }
    constexpr int64_t kCycles = 16;
    ThreadsOf(context).run(shape.num_elements(), kCycles, [&](int64_t begin, int64_t end) {
      // In pieces that stay in the first cache, as the averages look at the new parameter again.
      constexpr int64_t kPiece = 1024;
      for (int64_t at = begin; at < end; at += kPiece) {
        const int64_t n = std::min(kPiece, end - at);
        UpdateAdamW(numbers, n, in[0] + at, in[1] + at, in[2] + at, in[3] + at, out[0] + at, out[1] + at,
                    out[2] + at);
        for (int a = 0; a < averages; ++a) {
          UpdateAverage(rates_[a], rest_rates_[a], n, in[kAverages + a] + at, out[0] + at,
                        out[kAverages - 1 + a] + at);
        }
      }
    });
  }

 private:
  std::vector<float> rates_, rest_rates_;
  AdamWNumbers numbers_ = {};
};

REGISTER_KERNEL_BUILDER(Name("FdmAdamW").Device(tensorflow::DEVICE_CPU), AdamWKernel);

}  // namespace
}  // namespace fdm
