"""Breaks the exchange on purpose, and counts in the receivers themselves what was lost, doubled or leaked.

The record systems' stand-ins, real worker processes and a real database are run together while processes are killed,
answers are lost, tokens expire, the clock moves and the database goes away.
"""
