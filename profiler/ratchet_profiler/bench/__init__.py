"""What profiling itself costs: a boundary on this machine's CPU, and a whole request on an accelerator."""
