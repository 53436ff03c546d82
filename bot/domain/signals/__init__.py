"""What the bot notices: pure rules over one client's history. Start reading at `catalogue`."""
