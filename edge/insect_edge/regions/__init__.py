"""Where in a frame to look: finders, and what they share."""
