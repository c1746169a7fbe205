"""What is true of the daemon now."""
