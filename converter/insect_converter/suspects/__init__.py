"""Find photographs whose label is probably wrong: out-of-fold scores, a ranked list, a page to look through."""
