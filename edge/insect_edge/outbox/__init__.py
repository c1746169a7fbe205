"""The queue on disk: what was decided is told, through outages, restarts and power cuts."""
