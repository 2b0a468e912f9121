"""Documents for people and other programs, made from what was recorded or played; each is one file."""
