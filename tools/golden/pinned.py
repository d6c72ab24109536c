"""Import this before torch and numpy: it pins the instruction sets, so that every x86 machine computes the same bits.

NumPy's AVX-512 exp and pow round differently from the C library, torch without AVX2 differs from torch with it (linspace
uses a fused multiply-add there). Everyday machines have AVX2, so AVX2 is what "upstream" means here.
"""

import os
import warnings

os.environ["ATEN_CPU_CAPABILITY"] = "avx2"
os.environ["NPY_DISABLE_CPU_FEATURES"] = "X86_V4 AVX512_ICL AVX512_SPR"
os.environ["HF_HUB_OFFLINE"] = "1"
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

# Deprecations of upstream, and NumPy's note that this machine lacks one of the features switched off above.
warnings.filterwarnings("ignore")
