"""One module a family: how a scenario's pipeline is built and observed."""
