// Convolutions as operations of TensorFlow, in float32 and in bfloat16, for processors that the loops are made
// for. TensorFlow's own reach half to two thirds of what such a processor can do where channels are few.
#include "convolution.h"

#include <string>

#include "kernel.h"

namespace fdm {
namespace {

using tensorflow::InitOnStartupMarker;
using tensorflow::TensorShape;
using tensorflow::register_op::OpDefBuilderWrapper;

// Of the pictures that come first, their height and width times `enlarged` and divided by `reduced`, with the
// channels that the kernel, the second input, has at `axis`.
absl::Status SetPictures(InferenceContext* c, int64_t enlarged, int64_t reduced, int axis) {
  ShapeHandle pictures, weights;
  TF_RETURN_IF_ERROR(c->WithRank(c->input(0), 4, &pictures));
  TF_RETURN_IF_ERROR(c->WithRank(c->input(1), 4, &weights));
  DimensionHandle sides[2];
  for (int i = 0; i < 2; ++i) {
    TF_RETURN_IF_ERROR(c->Multiply(c->Dim(pictures, 1 + i), enlarged, &sides[i]));
    TF_RETURN_IF_ERROR(c->Divide(sides[i], reduced, /*evenly_divisible=*/true, &sides[i]));
  }
  c->set_output(0, c->MakeShape({c->Dim(pictures, 0), sides[0], sides[1], c->Dim(weights, axis)}));
  return absl::OkStatus();
}

int64_t ScaleOf(InferenceContext* c) {
  int64_t scale = 1;
  return c->GetAttr("scale", &scale).ok() ? scale : 1;
}

absl::Status SetFilters(InferenceContext* c) {
  ShapeHandle x, dy;
  TF_RETURN_IF_ERROR(c->WithRank(c->input(0), 4, &x));
  TF_RETURN_IF_ERROR(c->WithRank(c->input(1), 4, &dy));
  c->set_output(0, c->MakeShape({3, 3, c->Dim(x, 3), c->Dim(dy, 3)}));
  c->set_output(1, c->Vector(c->Dim(dy, 3)));
  return absl::OkStatus();
}

// x (N, H, W, I), kernel (3, 3, I, O), bias (O); y (N, scale H, scale W, O): the convolution of x, enlarged
// by repeating its pixels, with one pixel of zeros on every side. I and O are multiples of 32, scale is 1 or 2.
void Register(const std::string& name, const std::string& types) {
  InitOnStartupMarker{} << OpDefBuilderWrapper(name.c_str())
                               .Input("x: T")
                               .Input("kernel: float")
                               .Input("bias: float")
                               .Output("y: T")
                               .Attr("T: " + types)
                               .Attr("scale: int = 1")
                               .SetShapeFn([](InferenceContext* c) -> absl::Status {
                                 return SetPictures(c, ScaleOf(c), 1, 3);
                               });
  InitOnStartupMarker{} << OpDefBuilderWrapper((name + "InputGrad").c_str())
                               .Input("dy: T")
                               .Input("kernel: float")
                               .Output("dx: T")
                               .Attr("T: " + types)
                               .Attr("scale: int = 1")
                               .SetShapeFn([](InferenceContext* c) -> absl::Status {
                                 return SetPictures(c, 1, ScaleOf(c), 2);
                               });
  InitOnStartupMarker{} << OpDefBuilderWrapper((name + "FilterGrad").c_str())
                               .Input("x: T")
                               .Input("dy: T")
                               .Output("dkernel: float")
                               .Output("dbias: float")
                               .Attr("T: " + types)
                               .Attr("scale: int = 1")
                               .SetShapeFn(SetFilters);
}

// Operations that this processor cannot run do not exist. That for bfloat16 has a name of its own, so that one
// can see whether it does; a graph has it in float32 until its types are chosen.
const bool is_registered = [] {
  if (Convolution<float>::IsSupported()) Register("FdmConvolution", "{float}");
  if (Convolution<Bits>::IsSupported()) Register("FdmBfloat16Convolution", "{float, bfloat16}");
  return true;
}();

absl::Status Check(const ConvolutionShape& shape) {
  const int64_t sizes[] = {shape.pictures, shape.height, shape.width, shape.inputs, shape.outputs};
  for (int64_t size : sizes) {
    if (size < 1) return absl::InvalidArgumentError("expected pictures that are not empty");
  }
  if (shape.inputs % kChannelUnit != 0 || shape.outputs % kChannelUnit != 0) {
    return absl::InvalidArgumentError(absl::StrCat("expected channels in multiples of ", kChannelUnit,
                                                   ", got ", shape.inputs, " and ", shape.outputs));
  }
  return absl::OkStatus();
}

TensorShape Small(const ConvolutionShape& shape) {
  return {shape.pictures, shape.height, shape.width, shape.inputs};
}

TensorShape Large(const ConvolutionShape& shape) {
  return {shape.pictures, shape.scale * shape.height, shape.scale * shape.width, shape.outputs};
}

class ConvolutionKernel : public OpKernel {
 public:
  explicit ConvolutionKernel(OpKernelConstruction* construction) : OpKernel(construction) {
    OP_REQUIRES_OK(construction, construction->GetAttr("scale", &scale_));
    OP_REQUIRES(construction, scale_ == 1 || scale_ == 2,
                absl::InvalidArgumentError(absl::StrCat("expected a scale of 1 or 2, got ", scale_)));
  }

 protected:
  // From pictures whose sides are divided by `reduced`, and a kernel.
  absl::Status Read(const Tensor& pictures, int64_t reduced, const Tensor& kernel, ConvolutionShape* shape) {
    if (pictures.dims() != 4 || kernel.dims() != 4 || kernel.dim_size(0) != 3 || kernel.dim_size(1) != 3 ||
        pictures.dim_size(1) % reduced != 0 || pictures.dim_size(2) % reduced != 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("expected pictures (N, H, W, C) and a kernel (3, 3, I, O), got ",
                       pictures.shape().DebugString(), " and ", kernel.shape().DebugString()));
    }
    *shape = {pictures.dim_size(0), pictures.dim_size(1) / reduced, pictures.dim_size(2) / reduced,
              kernel.dim_size(2),   kernel.dim_size(3),             scale_};
    return Check(*shape);
  }

  int64_t scale_;
};

template <typename T>
class ForwardKernel : public ConvolutionKernel {
 public:
  using ConvolutionKernel::ConvolutionKernel;

  void Compute(OpKernelContext* context) override {
    const Tensor &x = context->input(0), &kernel = context->input(1), &bias = context->input(2);
    ConvolutionShape shape;
    OP_REQUIRES_OK(context, Read(x, 1, kernel, &shape));
    OP_REQUIRES(context, x.shape() == Small(shape) && bias.shape() == TensorShape({shape.outputs}),
                absl::InvalidArgumentError(absl::StrCat("expected x and bias for a kernel ",
                                                        kernel.shape().DebugString(), ", got ",
                                                        x.shape().DebugString(), " and ",
                                                        bias.shape().DebugString())));
    Tensor* y;
    OP_REQUIRES_OK(context, context->allocate_output(0, Large(shape), &y));
    Convolution<T>::Forward(ThreadsOf(context), shape, Data<T>(x), Data<float>(kernel), Data<float>(bias),
                            Data<T>(*y));
  }
};

template <typename T>
class InputGradientKernel : public ConvolutionKernel {
 public:
  using ConvolutionKernel::ConvolutionKernel;

  void Compute(OpKernelContext* context) override {
    const Tensor &dy = context->input(0), &kernel = context->input(1);
    ConvolutionShape shape;
    OP_REQUIRES_OK(context, Read(dy, scale_, kernel, &shape));
    OP_REQUIRES(context, dy.shape() == Large(shape),
                absl::InvalidArgumentError(absl::StrCat("expected dy for a kernel ",
                                                        kernel.shape().DebugString(), ", got ",
                                                        dy.shape().DebugString())));
    Tensor* dx;
    OP_REQUIRES_OK(context, context->allocate_output(0, Small(shape), &dx));
    Convolution<T>::InputGradient(ThreadsOf(context), shape, Data<T>(dy), Data<float>(kernel), Data<T>(*dx));
  }
};

template <typename T>
class FilterGradientKernel : public ConvolutionKernel {
 public:
  using ConvolutionKernel::ConvolutionKernel;

  void Compute(OpKernelContext* context) override {
    const Tensor &x = context->input(0), &dy = context->input(1);
    OP_REQUIRES(context, x.dims() == 4 && dy.dims() == 4,
                absl::InvalidArgumentError("expected x and dy (N, H, W, C)"));
    const ConvolutionShape shape{x.dim_size(0),  x.dim_size(1), x.dim_size(2), x.dim_size(3),
                                 dy.dim_size(3), scale_};
    OP_REQUIRES_OK(context, Check(shape));
    OP_REQUIRES(context, dy.shape() == Large(shape),
                absl::InvalidArgumentError(absl::StrCat("expected dy ", Large(shape).DebugString(), ", got ",
                                                        dy.shape().DebugString())));
    Tensor *dkernel, *dbias;
    OP_REQUIRES_OK(context, context->allocate_output(0, {3, 3, shape.inputs, shape.outputs}, &dkernel));
    OP_REQUIRES_OK(context, context->allocate_output(1, {shape.outputs}, &dbias));
    Convolution<T>::FilterGradient(ThreadsOf(context), shape, Data<T>(x), Data<T>(dy), Data<float>(*dkernel),
                                   Data<float>(*dbias));
  }
};

#define FDM_REGISTER_CONVOLUTION(name, type, T)                                                         \
  REGISTER_KERNEL_BUILDER(Name(name).Device(tensorflow::DEVICE_CPU).TypeConstraint<type>("T"),          \
                          ForwardKernel<T>);                                                            \
  REGISTER_KERNEL_BUILDER(Name(name "InputGrad").Device(tensorflow::DEVICE_CPU).TypeConstraint<type>("T"), \
                          InputGradientKernel<T>);                                                      \
  REGISTER_KERNEL_BUILDER(Name(name "FilterGrad").Device(tensorflow::DEVICE_CPU).TypeConstraint<type>("T"), \
                          FilterGradientKernel<T>)

FDM_REGISTER_CONVOLUTION("FdmConvolution", float, float);
FDM_REGISTER_CONVOLUTION("FdmBfloat16Convolution", Eigen::bfloat16, Bits);

}  // namespace
}  // namespace fdm
