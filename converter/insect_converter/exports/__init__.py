"""The model of a bundle in the formats of other programs: TFLite with its labels inside, ONNX, a C header."""
