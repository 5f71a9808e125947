"""What comes from outside: bytes that are untrusted until they are what they should be."""
