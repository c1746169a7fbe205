"""What each ingredient of training gives: one recipe, and one change at a time."""
