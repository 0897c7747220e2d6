"""Counts tokens of texts, as JSON in and out; in the environment that has the tokenizer."""

import json
import sys

import bpe_openai  # type: ignore[import-not-found]  # not installed here

encoding = bpe_openai.get_encoding("o200k_base")
print(json.dumps([len(encoding.encode(text)) for text in json.load(sys.stdin)]))
