"""The configuration file: its sections, what is wrong with it, and what it means for each part."""
