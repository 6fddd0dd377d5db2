"""The lifecycle of incidents: from a batch of signals to alerts, and what each passing minute does."""
