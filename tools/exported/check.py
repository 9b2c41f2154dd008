"""Runs an exported folder in Python's onnxruntime and compares with reference.mjs.

pip install onnxruntime onnx; python tools/exported/check.py FOLDER REFERENCE.json
"""
import json
import sys

import numpy as np
import onnx
import onnxruntime

folder, reference = sys.argv[1:3]
worst = 0.0
for role, run in json.load(open(reference)).items():
    path = f'{folder}/{role}.onnx'
    onnx.checker.check_model(path, full_check=True)
    model = onnx.load(path)
    assert [opset.domain for opset in model.opset_import] == [''], 'operators of others'
    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    array = lambda x: np.array(x['data'], dtype=x['dtype']).reshape(x['shape'])
    feeds = {name: array(value) for name, value in run['inputs'].items()}
    names = [output.name for output in session.get_outputs()]
    for name, found in zip(names, session.run(names, feeds)):
        difference = float(np.abs(found - array(run['outputs'][name])).max())
        worst = max(worst, difference)
        print(f'{role}: {name} {list(found.shape)} {session.get_outputs()[0].shape}, largest difference {difference:.2e}')
    # A batch of another size: its first row must be the same.
    halves = {name: value[:1] for name, value in feeds.items()}
    difference = float(np.abs(session.run(names, halves)[0] - session.run(names, feeds)[0][:1]).max())
    worst = max(worst, difference)
    print(f'{role}: alone, largest difference {difference:.2e}')
print(f'onnxruntime {onnxruntime.__version__}: largest difference {worst:.2e}')
sys.exit(worst > 1e-5)
