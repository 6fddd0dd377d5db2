"""From text to an error classification: normalise, find AWS's sentences, read the envelopes of SDKs and loggers."""
