"""What readers answer, written as they would write it, not as the checks do: ANSWERS in one module for each of theirs.

ANSWERS[name] has two or more "right" answers and the "wrong" ones, each with a piece of the hint that it must get. The
answer to a value exercise is the tuple of what is handed to the check.
"""
