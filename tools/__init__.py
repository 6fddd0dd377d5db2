"""Programs that build and examine the working environment. Nothing here is deployed."""
