"""Answers to the exercises of `self_attention.check.layers`."""

ANSWERS = {}
