"""Placement of a GPU trace: reading it, submitting it, and the published policies that ours is measured against."""
