// Group normalisation with its affine map and SiLU as one operation of TensorFlow, and its gradient as
// another. In single operations these are half of a step's time on a processor, most of it spent on moving
// numbers to memory and back.
#include <string>

#include "group-norm.h"
#include "kernel.h"

namespace fdm {
namespace {

// x (N, M, C): each of N samples is normalised over its M places and the C / groups channels of a group.
// gamma, beta (N or 1, C). y = activation((x - mean) rstd gamma + beta); mean, rstd (N, groups).
REGISTER_OP("FdmGroupNorm")
    .Input("x: T")
    .Input("gamma: float")
    .Input("beta: float")
    .Output("y: T")
    .Output("mean: float")
    .Output("rstd: float")
    .Attr("T: {float, bfloat16}")
    .Attr("groups: int >= 1 = 32")
    .Attr("epsilon: float = 1e-5")
    .Attr("activation: {'silu', 'none'} = 'none'")
    .SetShapeFn([](InferenceContext* c) -> absl::Status {
      ShapeHandle x;
      TF_RETURN_IF_ERROR(c->WithRank(c->input(0), 3, &x));
      int groups;
      TF_RETURN_IF_ERROR(c->GetAttr("groups", &groups));
      const ShapeHandle statistics = c->MakeShape({c->Dim(x, 0), c->MakeDim(groups)});
      c->set_output(0, x);
      c->set_output(1, statistics);
      c->set_output(2, statistics);
      return absl::OkStatus();
    });

// Inputs as above, and dy (N, M, C). The gradients have the shapes of what they are gradients of.
REGISTER_OP("FdmGroupNormGrad")
    .Input("dy: T")
    .Input("x: T")
    .Input("gamma: float")
    .Input("beta: float")
    .Input("mean: float")
    .Input("rstd: float")
    .Output("dx: T")
    .Output("dgamma: float")
    .Output("dbeta: float")
    .Attr("T: {float, bfloat16}")
    .Attr("activation: {'silu', 'none'} = 'none'")
    .SetShapeFn([](InferenceContext* c) -> absl::Status {
      c->set_output(0, c->input(1));
      c->set_output(1, c->input(2));
      c->set_output(2, c->input(3));
      return absl::OkStatus();
    });

absl::Status ReadShape(const Tensor& x, const Tensor& gamma, const Tensor& beta, int64_t groups,
                       GroupNormShape* shape) {
  if (x.dims() != 3 || x.NumElements() == 0 || groups < 1 || x.dim_size(2) % groups != 0) {
    return absl::InvalidArgumentError(absl::StrCat("expected (N, M, C), not empty, with C a multiple of ", groups,
                                                   " groups, got ", x.shape().DebugString()));
  }
  const int64_t samples = x.dim_size(0), channels = x.dim_size(2);
  const bool shared = gamma.dims() == 2 && gamma.dim_size(0) == 1;
  const bool fits =
      gamma.dims() == 2 && gamma.dim_size(1) == channels && (shared || gamma.dim_size(0) == samples);
  if (!fits || beta.shape() != gamma.shape()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected gamma and beta (N or 1, C) for ", x.shape().DebugString(), ", got ",
        gamma.shape().DebugString(), " and ", beta.shape().DebugString()));
  }
  *shape = {samples, x.dim_size(1), channels, groups, shared};
  return absl::OkStatus();
}

template <typename T>
class ForwardKernel : public OpKernel {
 public:
  explicit ForwardKernel(OpKernelConstruction* construction) : OpKernel(construction) {
    OP_REQUIRES_OK(construction, construction->GetAttr("groups", &groups_));
    OP_REQUIRES_OK(construction, construction->GetAttr("epsilon", &epsilon_));
    OP_REQUIRES_OK(construction, construction->GetAttr("activation", &activation_));
  }

  void Compute(OpKernelContext* context) override {
    using Element = typename Number<T>::Type;
    const Tensor &x = context->input(0), &gamma = context->input(1), &beta = context->input(2);
    GroupNormShape shape;
    OP_REQUIRES_OK(context, ReadShape(x, gamma, beta, groups_, &shape));
    Tensor *y, *mean, *rstd;
    OP_REQUIRES_OK(context, context->allocate_output(0, x.shape(), &y));
    OP_REQUIRES_OK(context, context->allocate_output(1, {shape.samples, shape.groups}, &mean));
    OP_REQUIRES_OK(context, context->allocate_output(2, {shape.samples, shape.groups}, &rstd));
    GroupNorm<Element>::Forward(ThreadsOf(context), shape, epsilon_, activation_ == "silu",
                                Data<Element>(x), Data<float>(gamma), Data<float>(beta), Data<Element>(*y),
                                Data<float>(*mean), Data<float>(*rstd));
  }

 private:
  int groups_;
  float epsilon_;
  std::string activation_;
};

template <typename T>
class BackwardKernel : public OpKernel {
 public:
  explicit BackwardKernel(OpKernelConstruction* construction) : OpKernel(construction) {
    OP_REQUIRES_OK(construction, construction->GetAttr("activation", &activation_));
  }

  void Compute(OpKernelContext* context) override {
    using Element = typename Number<T>::Type;
    const Tensor &dy = context->input(0), &x = context->input(1), &gamma = context->input(2);
    const Tensor &beta = context->input(3), &mean = context->input(4), &rstd = context->input(5);
    GroupNormShape shape;
    const int64_t groups = mean.dims() == 2 ? mean.dim_size(1) : 0;
    OP_REQUIRES_OK(context, ReadShape(x, gamma, beta, groups, &shape));
    OP_REQUIRES(context,
                dy.shape() == x.shape() && mean.dim_size(0) == shape.samples && rstd.shape() == mean.shape(),
                absl::InvalidArgumentError("expected dy of x's shape, and mean and rstd (N, groups)"));
    Tensor *dx, *dgamma, *dbeta;
    OP_REQUIRES_OK(context, context->allocate_output(0, x.shape(), &dx));
    OP_REQUIRES_OK(context, context->allocate_output(1, gamma.shape(), &dgamma));
    OP_REQUIRES_OK(context, context->allocate_output(2, gamma.shape(), &dbeta));
    GroupNorm<Element>::Backward(ThreadsOf(context), shape, activation_ == "silu", Data<Element>(dy),
                                 Data<Element>(x), Data<float>(gamma), Data<float>(beta), Data<float>(mean),
                                 Data<float>(rstd), Data<Element>(*dx), Data<float>(*dgamma),
                                 Data<float>(*dbeta));
  }

 private:
  std::string activation_;
};

FDM_REGISTER_KERNELS("FdmGroupNorm", float);
FDM_REGISTER_KERNELS("FdmGroupNorm", Eigen::bfloat16);

}  // namespace
}  // namespace fdm
