"""The Slack bot: `steersman slack`. slack-bolt is imported in `bot` and `serving` only."""
