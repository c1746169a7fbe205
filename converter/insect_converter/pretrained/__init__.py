"""A backbone to begin with, taken out of somebody's finished `.tflite` classifier: `insect-converter backbone`."""
