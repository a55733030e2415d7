"""What the conversational faces (terminal, Slack) share: a house where sessions run, and the few words that it understands."""
