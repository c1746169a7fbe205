"""What others may ask of a running daemon, and how it is obeyed or refused."""
