"""Upstream with the correctly rounded float32 square root of IEEE 754.

On x86, torch takes the square root of float32 tensors from MKL, which is up to 0.75 ulp off (one result in six is not the
nearest float32) and depends on MKL's version and on the make of the processor. Everywhere else the root is correctly rounded.
"""

import pinned  # noqa: F401  (first: fixes the instruction sets)

from contextlib import contextmanager

import torch

SQRT, METHOD, POW = torch.sqrt, torch.Tensor.sqrt, torch.Tensor.__pow__


def root(x):
    """The float64 root, rounded. That is correct, as no root lies near the middle of two float32 numbers."""
    return METHOD(x.double()).float() if x.dtype == torch.float32 else METHOD(x)


def power(x, exponent):
    return root(x) if isinstance(exponent, float) and exponent == 0.5 else POW(x, exponent)


@contextmanager
def ieee():
    """Within it, torch.sqrt, Tensor.sqrt and Tensor ** 0.5 round correctly."""
    torch.sqrt = torch.Tensor.sqrt = root
    torch.Tensor.__pow__ = power
    try:
        yield
    finally:
        torch.sqrt, torch.Tensor.sqrt, torch.Tensor.__pow__ = SQRT, METHOD, POW
