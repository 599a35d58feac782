"""What a generative workflow transforms by code: long transcripts into prompts, and a model's answer into an image."""
