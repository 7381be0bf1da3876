"""What a training program imports, imported once."""

import os

os.environ["OMP_WAIT_POLICY"] = "PASSIVE"

import accelerate  # noqa: F401
import peft  # noqa: F401
import torch
import transformers  # noqa: F401
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig  # noqa: F401

import admin.training.train  # noqa: F401

torch.set_num_threads(1)
