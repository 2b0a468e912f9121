"""Telling people: whom, when again, in which words, and what goes together."""
