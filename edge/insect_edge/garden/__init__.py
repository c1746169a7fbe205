"""A garden drawn by the program itself: the scenes of the simulated camera."""
