"""How a frame is looked at: as one picture, or animal by animal."""
