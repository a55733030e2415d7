"""Which node and which GPU a request should take, so that what is left stays of use to the work that usually comes."""
