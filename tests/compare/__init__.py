"""Compare two versions of KeyWatch from outside: same inputs, same scripted AWS; what differs is a change of behaviour."""
