"""The demo: the real stack in an embedded AWS emulator, real failing KMS calls, and the alerts that come of them."""
