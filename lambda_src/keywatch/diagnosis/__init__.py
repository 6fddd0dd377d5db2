"""From one failure and its evidence to one cause. Pure."""
