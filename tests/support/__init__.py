"""What tests are made with: a real PostgreSQL, desks on both databases, people."""
