"""Judgement about accelerators: where work fits best, what stands idle, what it costs, what comes next. Pure; no I/O."""
