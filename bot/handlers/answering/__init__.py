"""The parts of `ratchet respond`: what was asked, what is done about it, what is answered."""
