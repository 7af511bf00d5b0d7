// Attention among frames with relative-position vectors as one operation of TensorFlow, and its gradient as
// another. In single operations its many small products, and the transposed copies they need, take longer
// than their arithmetic.
#include "kernel.h"
#include "relative-attention.h"

namespace fdm {
namespace {

// qkv (B, D, T, 3C), its last axis laid out as (3, heads, C / heads): queries, keys and values of T frames at
// D places. The relative vectors are (B, T, T, C), bias is (B, T, T), y (B, D, T, C). What is computed is in
// relative-attention.h. No gradient flows to the bias.
REGISTER_OP("FdmRelativeAttention")
    .Input("qkv: T")
    .Input("relative_q: T")
    .Input("relative_k: T")
    .Input("relative_v: T")
    .Input("bias: float")
    .Output("y: T")
    .Attr("T: {float, bfloat16}")
    .Attr("heads: int >= 1")
    .SetShapeFn([](InferenceContext* c) -> absl::Status {
      ShapeHandle qkv, y;
      TF_RETURN_IF_ERROR(c->WithRank(c->input(0), 4, &qkv));
      DimensionHandle channels;
      TF_RETURN_IF_ERROR(c->Divide(c->Dim(qkv, 3), 3, /*evenly_divisible=*/true, &channels));
      TF_RETURN_IF_ERROR(c->ReplaceDim(qkv, 3, channels, &y));
      c->set_output(0, y);
      return absl::OkStatus();
    });

REGISTER_OP("FdmRelativeAttentionGrad")
    .Input("dy: T")
    .Input("qkv: T")
    .Input("relative_q: T")
    .Input("relative_k: T")
    .Input("relative_v: T")
    .Input("bias: float")
    .Output("dqkv: T")
    .Output("drelative_q: T")
    .Output("drelative_k: T")
    .Output("drelative_v: T")
    .Attr("T: {float, bfloat16}")
    .Attr("heads: int >= 1")
    .SetShapeFn([](InferenceContext* c) -> absl::Status {
      for (int i = 0; i < 4; ++i) c->set_output(i, c->input(i + 1));
      return absl::OkStatus();
    });

// The inputs of both, of which the first is at `first`.
template <typename T>
struct Arguments {
  RelativeAttentionShape shape;
  typename RelativeAttention<T>::Inputs inputs;

  absl::Status Read(OpKernelContext* context, int first, int64_t heads) {
    const Tensor& qkv = context->input(first);
    if (qkv.dims() != 4 || qkv.NumElements() == 0 || qkv.dim_size(3) % (3 * heads) != 0) {
      return absl::InvalidArgumentError(absl::StrCat("expected (B, D, T, 3C), not empty, with C a multiple of ",
                                                     heads, " heads, got ", qkv.shape().DebugString()));
    }
    shape = {qkv.dim_size(0), qkv.dim_size(1), qkv.dim_size(2), heads, qkv.dim_size(3) / (3 * heads)};
    const tensorflow::TensorShape pairs({shape.batch, shape.frames, shape.frames});
    tensorflow::TensorShape vectors = pairs;
    vectors.AddDim(shape.Channels());
    for (int i = 1; i < 5; ++i) {
      const tensorflow::TensorShape& expected = i < 4 ? vectors : pairs;
      if (context->input(first + i).shape() != expected) {
        return absl::InvalidArgumentError(absl::StrCat("expected ", expected.DebugString(), " for qkv ",
                                                       qkv.shape().DebugString(), ", got ",
                                                       context->input(first + i).shape().DebugString()));
      }
    }
    inputs = {Data<T>(qkv), Data<T>(context->input(first + 1)), Data<T>(context->input(first + 2)),
              Data<T>(context->input(first + 3)), Data<float>(context->input(first + 4))};
    return absl::OkStatus();
  }

  tensorflow::TensorShape Output() const {
    return {shape.batch, shape.places, shape.frames, shape.Channels()};
  }
};

class RelativeAttentionKernel : public OpKernel {
 public:
  explicit RelativeAttentionKernel(OpKernelConstruction* construction) : OpKernel(construction) {
    OP_REQUIRES_OK(construction, construction->GetAttr("heads", &heads_));
  }

 protected:
  int heads_;
};

template <typename T>
class ForwardKernel : public RelativeAttentionKernel {
 public:
  using RelativeAttentionKernel::RelativeAttentionKernel;

  void Compute(OpKernelContext* context) override {
    using Element = typename Number<T>::Type;
    Arguments<Element> arguments;
    OP_REQUIRES_OK(context, arguments.Read(context, 0, heads_));
    Tensor* y;
    OP_REQUIRES_OK(context, context->allocate_output(0, arguments.Output(), &y));
    RelativeAttention<Element>::Forward(ThreadsOf(context), arguments.shape, arguments.inputs,
                                        Data<Element>(*y));
  }
};

template <typename T>
class BackwardKernel : public RelativeAttentionKernel {
 public:
  using RelativeAttentionKernel::RelativeAttentionKernel;

  void Compute(OpKernelContext* context) override {
    using Element = typename Number<T>::Type;
    Arguments<Element> arguments;
    OP_REQUIRES_OK(context, arguments.Read(context, 1, heads_));
    OP_REQUIRES(context, context->input(0).shape() == arguments.Output(),
                absl::InvalidArgumentError("expected dy (B, D, T, C)"));
    Tensor* outputs[4];
    for (int i = 0; i < 4; ++i) {
      OP_REQUIRES_OK(context, context->allocate_output(i, context->input(i + 1).shape(), &outputs[i]));
    }
    RelativeAttention<Element>::Backward(
        ThreadsOf(context), arguments.shape, arguments.inputs, Data<Element>(context->input(0)),
        {Data<Element>(*outputs[0]), Data<Element>(*outputs[1]), Data<Element>(*outputs[2]),
         Data<Element>(*outputs[3])});
  }
};

FDM_REGISTER_KERNELS("FdmRelativeAttention", float);
FDM_REGISTER_KERNELS("FdmRelativeAttention", Eigen::bfloat16);

}  // namespace
}  // namespace fdm
