"""What workers say and tap."""
