"""One module a sub-command, imported when it is called."""
