"""What managers tap and type."""
