"""From a configuration to a daemon: beside the commands the only place where adapters are chosen."""
