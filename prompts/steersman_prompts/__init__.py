"""Prompts for language models, one file each; none is written in Python."""
