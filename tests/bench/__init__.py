"""Speed, AWS calls and memory of the function under load (``make bench``). Ratios within one run; never asserted in CI."""
