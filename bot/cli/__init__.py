"""The commands of `ratchet`: their arguments, and which handler each calls when it is called."""
