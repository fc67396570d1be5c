"""Calls a model by tritonclient as often as each line of the input says, and prints how many nanoseconds that took."""

import sys
import time

import numpy

protocol, url, model, name, dims, output = sys.argv[1:]
if protocol == "grpc":
    import tritonclient.grpc as triton
else:
    import tritonclient.http as triton

dims = [int(dim) for dim in dims.split(",")]
values = numpy.full(dims, 0.5, numpy.float32)
client = triton.InferenceServerClient(url)


def call():
    tensor = triton.InferInput(name, dims, "FP32")
    tensor.set_data_from_numpy(values)
    answer = client.infer(model, [tensor], outputs=[triton.InferRequestedOutput(output)])
    return answer.as_numpy(output)


for line in sys.stdin:
    runs = int(line)
    for _ in range(min(3, runs)):
        call()
    began = time.perf_counter_ns()
    for _ in range(runs):
        call()
    print(time.perf_counter_ns() - began, flush=True)
