"""Suites that measure the product on data with known truth, and on the lab."""
