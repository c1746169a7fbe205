"""The peer of `insect-edge classify`: the least a script can do with the same runtime to the same end."""

import sys

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter

model, labels_file, picture = sys.argv[1:]
with open(labels_file, encoding="utf-8") as file:  # noqa: PTH123 - as short as a script gets
    labels = file.read().splitlines()
interpreter = Interpreter(model_path=model, num_threads=1)
interpreter.allocate_tensors()
source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
pixels = cv2.cvtColor(cv2.resize(cv2.imread(picture), (224, 224), interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB)
interpreter.set_tensor(source["index"], pixels[np.newaxis])
interpreter.invoke()
scale, zero_point = target["quantization"]
logits = (interpreter.get_tensor(target["index"])[0].astype(np.float32) - zero_point) * scale
scores = np.exp(logits - logits.max())
scores /= scores.sum()
for index in np.argsort(-scores)[:5]:
    print(f"{labels[index]:<12} {scores[index]:.3f}")  # noqa: T201 - it is a script
