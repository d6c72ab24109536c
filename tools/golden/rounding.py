"""Upstream with correctly rounded square roots (ieee.py), logarithms and exponentials of float32 tensors.

torch takes these functions from MKL, whose last bit (wrong in one logarithm of twenty) depends on the make of the
processor. The float64 value, rounded, is the nearest float32 in all but about one case in a hundred million.
"""

import pinned  # noqa: F401  (first: fixes the instruction sets)

from contextlib import contextmanager

import torch

from ieee import ieee

NAMES = ("log", "exp")
OWNERS = (torch, torch.Tensor)
UPSTREAM = {(owner, name): getattr(owner, name) for owner in OWNERS for name in NAMES}


def nearest(function):
    return lambda x: function(x.double()).float() if x.dtype == torch.float32 else function(x)


@contextmanager
def rounded():
    """Within it, sqrt, log and exp of float32 tensors round to the nearest."""
    for (owner, name), function in UPSTREAM.items():
        setattr(owner, name, nearest(function))
    try:
        with ieee():
            yield
    finally:
        for (owner, name), function in UPSTREAM.items():
            setattr(owner, name, function)
