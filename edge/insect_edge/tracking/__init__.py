"""Who is who: sightings of frame after frame become tracks."""
