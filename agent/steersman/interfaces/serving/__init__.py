"""What the faces that serve many people share: sessions run in an engine process, and are read from their record in this one.

Diagnosis is pure Python that computes; next to it in one process no reader would get an answer in time.
"""
