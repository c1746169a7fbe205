"""What integer cost, in depth: the same photographs through both models, layer by layer, picture by picture."""
