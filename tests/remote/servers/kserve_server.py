"""KServe's Python server with the digits by ONNX Runtime: PORT and GRPC_PORT, then the model's file."""

import sys

import grpc.aio._server
import onnxruntime
import uvicorn
from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer


class Digits(Model):
    def __init__(self, path):
        super().__init__("digits")
        self.graph = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        self.ready = True

    async def get_input_types(self):
        return [{"name": "image", "datatype": "FP32", "shape": [-1, 1, 8, 8]}]

    async def get_output_types(self):
        return [{"name": "logits", "datatype": "FP32", "shape": [-1, 10]}]

    async def predict(self, payload: InferRequest, headers=None, response_headers=None):
        feed = {tensor.name: tensor.as_numpy() for tensor in payload.inputs}
        outputs = []
        for output, array in zip(self.graph.get_outputs(), self.graph.run(None, feed)):
            tensor = InferOutput(name=output.name, shape=list(array.shape), datatype="FP32")
            tensor.set_data_from_numpy(array, binary_data=False)
            outputs.append(tensor)
        return InferResponse(response_id=payload.id, model_name=self.name, infer_outputs=outputs)


def stay_on_loopback():
    """Both of its servers listen on every address of the machine, and have no option for it."""
    configure = uvicorn.Config.__init__
    add_port = grpc.aio._server.Server.add_insecure_port

    def configured(self, *args, **options):
        configure(self, *args, **{**options, "host": "127.0.0.1"})

    def added(self, address):
        return add_port(self, address.replace("[::]", "127.0.0.1"))

    uvicorn.Config.__init__ = configured
    grpc.aio._server.Server.add_insecure_port = added


if __name__ == "__main__":
    stay_on_loopback()
    port, grpc_port, path = sys.argv[1:]
    server = ModelServer(http_port=int(port), grpc_port=int(grpc_port), workers=1)
    server.start([Digits(path)])
