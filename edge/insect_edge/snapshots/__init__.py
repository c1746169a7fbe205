"""Pictures of events on the disk, within a budget of bytes."""
