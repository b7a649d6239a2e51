"""Capture of a `torch.nn.Module`."""
