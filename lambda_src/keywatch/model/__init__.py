"""Value types: identifiers, subjects, signals, evidence and incidents. No I/O, no knowledge of causes."""
