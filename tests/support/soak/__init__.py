"""A soak: real daemons under a thousand faults, and the verdict on what they told."""
