"""Bodies of web hooks: one module for each kind of receiver. Pure."""
