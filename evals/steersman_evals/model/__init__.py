"""The requests with which language models are measured, and the judgement of their answers."""
