"""The text-to-image model emoji-ldm-64: 64x64 emoji from their names, in the parts of Stable Diffusion."""
