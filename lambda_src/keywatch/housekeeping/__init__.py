"""What KeyWatch does for itself as minutes pass: canary, doctor, daily sweep."""
