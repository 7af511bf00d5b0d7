// Softmax attention as one operation of TensorFlow, and its gradient as another. With few features per head
// TensorFlow's own matrix products are slow, and the weights, their softmax and its gradient go to memory
// and back.
#include "attention.h"
#include "kernel.h"

namespace fdm {
namespace {

// qkv (N, L, 3C), its last axis laid out as (3, heads, C / heads). y (N, L, C): for each head,
// softmax(q k^T / sqrt(C / heads)) v. scale (N, heads, L, 2) is kept for the gradient.
REGISTER_OP("FdmAttention")
    .Input("qkv: T")
    .Output("y: T")
    .Output("scale: float")
    .Attr("T: {float, bfloat16}")
    .Attr("heads: int >= 1")
    .SetShapeFn([](InferenceContext* c) -> absl::Status {
      ShapeHandle qkv;
      TF_RETURN_IF_ERROR(c->WithRank(c->input(0), 3, &qkv));
      DimensionHandle channels;
      TF_RETURN_IF_ERROR(c->Divide(c->Dim(qkv, 2), 3, /*evenly_divisible=*/true, &channels));
      int heads;
      TF_RETURN_IF_ERROR(c->GetAttr("heads", &heads));
      c->set_output(0, c->MakeShape({c->Dim(qkv, 0), c->Dim(qkv, 1), channels}));
      c->set_output(1, c->MakeShape({c->Dim(qkv, 0), c->MakeDim(heads), c->Dim(qkv, 1), c->MakeDim(2)}));
      return absl::OkStatus();
    });

REGISTER_OP("FdmAttentionGrad")
    .Input("dy: T")
    .Input("qkv: T")
    .Input("scale: float")
    .Output("dqkv: T")
    .Attr("T: {float, bfloat16}")
    .SetShapeFn([](InferenceContext* c) -> absl::Status {
      c->set_output(0, c->input(1));
      return absl::OkStatus();
    });

absl::Status ReadShape(const Tensor& qkv, int64_t heads, AttentionShape* shape) {
  if (qkv.dims() != 3 || qkv.NumElements() == 0 || heads < 1 || qkv.dim_size(2) % (3 * heads) != 0) {
    return absl::InvalidArgumentError(absl::StrCat("expected (N, L, 3C), not empty, with C a multiple of ",
                                                   heads, " heads, got ", qkv.shape().DebugString()));
  }
  *shape = {qkv.dim_size(0), qkv.dim_size(1), heads, qkv.dim_size(2) / (3 * heads)};
  return absl::OkStatus();
}

template <typename T>
class ForwardKernel : public OpKernel {
 public:
  explicit ForwardKernel(OpKernelConstruction* construction) : OpKernel(construction) {
    OP_REQUIRES_OK(construction, construction->GetAttr("heads", &heads_));
  }

  void Compute(OpKernelContext* context) override {
    using Element = typename Number<T>::Type;
    const Tensor& qkv = context->input(0);
    AttentionShape shape;
    OP_REQUIRES_OK(context, ReadShape(qkv, heads_, &shape));
    Tensor *y, *scale;
    OP_REQUIRES_OK(context, context->allocate_output(0, {shape.rows, shape.length, shape.Channels()}, &y));
    OP_REQUIRES_OK(context, context->allocate_output(1, {shape.rows, shape.heads, shape.length, 2}, &scale));
    Attention<Element>::Forward(ThreadsOf(context), shape, Data<Element>(qkv), Data<Element>(*y),
                                Data<float>(*scale));
  }

 private:
  int heads_;
};

template <typename T>
class BackwardKernel : public OpKernel {
 public:
  using OpKernel::OpKernel;

  void Compute(OpKernelContext* context) override {
    using Element = typename Number<T>::Type;
    const Tensor &dy = context->input(0), &qkv = context->input(1), &scale = context->input(2);
    AttentionShape shape;
    OP_REQUIRES_OK(context, ReadShape(qkv, scale.dims() == 4 ? scale.dim_size(1) : 0, &shape));
    const tensorflow::TensorShape expected_dy({shape.rows, shape.length, shape.Channels()});
    const tensorflow::TensorShape expected_scale({shape.rows, shape.heads, shape.length, 2});
    OP_REQUIRES(context, dy.shape() == expected_dy && scale.shape() == expected_scale,
                absl::InvalidArgumentError("expected dy (N, L, C) and scale (N, heads, L, 2)"));
    Tensor* dqkv;
    OP_REQUIRES_OK(context, context->allocate_output(0, qkv.shape(), &dqkv));
    Attention<Element>::Backward(ThreadsOf(context), shape, Data<Element>(dy), Data<Element>(qkv),
                                 Data<float>(scale), Data<Element>(*dqkv));
  }
};

FDM_REGISTER_KERNELS("FdmAttention", float);
FDM_REGISTER_KERNELS("FdmAttention", Eigen::bfloat16);

}  // namespace
}  // namespace fdm
