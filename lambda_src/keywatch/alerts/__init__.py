"""What an alert says, and how e-mail, machines and chat are told."""
