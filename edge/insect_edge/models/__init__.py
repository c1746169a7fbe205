"""Bundles that are kept beside the program: installed, switched, and switched back when they do not work."""
