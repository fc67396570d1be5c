"""What Triton runs for every model of the tests: ONNX Runtime, or its input again where there is no file."""

import json
import os
import sys

# Triton embeds a Python that knows nothing of the environment it was installed in.
sys.path.insert(0, os.environ["GODWIT_SITE_PACKAGES"])

import triton_python_backend_utils as triton


class TritonPythonModel:
    def initialize(self, args):
        self.outputs = [output["name"] for output in json.loads(args["model_config"])["output"]]
        path = os.path.join(args["model_repository"], args["model_version"], "model.onnx")
        self.graph = load(path) if os.path.exists(path) else None

    def execute(self, requests):
        return [self.answer(request) for request in requests]

    def answer(self, request):
        if self.graph is None:
            # By DLPack, because NumPy has no bfloat16.
            tensors = [triton.Tensor.from_dlpack(self.outputs[0], request.inputs()[0].to_dlpack())]
            return triton.InferenceResponse(tensors)
        try:
            feed = {tensor.name(): tensor.as_numpy() for tensor in request.inputs()}
            arrays = self.graph.run(self.outputs, feed)
        except Exception as error:
            return triton.InferenceResponse([], error=triton.TritonError(str(error)))
        pairs = zip(self.outputs, arrays)
        return triton.InferenceResponse([triton.Tensor(name, array) for name, array in pairs])


def load(path):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
