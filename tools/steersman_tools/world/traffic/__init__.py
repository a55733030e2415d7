"""Calls between applications: names, Services, endpoints, policies, and how requests fare and what they cost."""
