"""What metrics say: which series left their own past and since when, which service causes it, and what comes next."""
