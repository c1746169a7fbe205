"""Where a model looks: Grad-CAM of the float model, drawn over the very view the Pi sees."""
