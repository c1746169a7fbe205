"""One module a dependency; imported by the composition root only."""
