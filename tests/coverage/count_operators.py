"""Counts nodes and operators of the cases with the onnx package, as a second opinion on ours.

python count_operators.py FOLDER > counts.json

Run it once for a version of the package (pip install onnx==1.22.0); FOLDER holds the cases.
"""

import collections
import json
import pathlib
import sys

import onnx

counts, graphs = collections.Counter(), 0


def body(holder):
    global graphs
    graphs += 1
    for node in holder.node:
        domain = "" if node.domain == "ai.onnx" else node.domain
        counts[f"{domain}.{node.op_type}" if domain else node.op_type] += 1
        for attribute in node.attribute:
            if attribute.HasField("g"):
                body(attribute.g)
            for graph in attribute.graphs:
                body(graph)


files = sorted(pathlib.Path(sys.argv[1]).glob("*/model.onnx"))
for file in files:
    model = onnx.load(file, load_external_data=False)
    body(model.graph)
    for function in model.functions:
        body(function)
result = {"onnx": onnx.__version__, "models": len(files), "graphs": graphs, "operators": dict(sorted(counts.items()))}
json.dump(result, sys.stdout, indent=1)
print()
