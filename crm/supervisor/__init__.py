"""What `make run` starts: the whole product on one machine, kept alive and ended together."""
