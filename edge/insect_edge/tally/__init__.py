"""What was seen today, and what is there now: for dashboards."""
