"""What is kept in DynamoDB: incidents, changes, housekeeping and sweep findings."""
