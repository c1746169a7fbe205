"""insect-converter: turns labelled photographs into a verified, fully integer model bundle."""
